package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/claimgate/claimgate/mapping/diff"
)

// DiffSection is one list of changes with its heading.
type DiffSection struct {
	Title, Sign string
	Changes     []diff.Change
}

// DiffSections returns the lists of a diff, the gains first.
func DiffSections(r *diff.Result) []DiffSection {
	return []DiffSection{
		{"Gains", "+", r.Gains},
		{"Losses", "-", r.Losses},
		{"Gains of self-service", "+", r.SelfServiceGains},
		{"Losses of self-service", "-", r.SelfServiceLosses},
	}
}

// Whose returns who a change is about: the principal and the issuer, the time from which it holds, and whether
// the change was reviewed.
func Whose(c *diff.Change) string {
	text := c.Principal
	if c.Issuer != "" {
		text += ", of issuer " + c.Issuer
	}
	if c.From != nil {
		text += ", from " + c.From.UTC().Format("2006-01-02 15:04 MST")
	}
	if c.Allowed {
		text += " (reviewed)"
	}
	return text
}

// DiffMarkdown writes a diff for a pull request.
func DiffMarkdown(w io.Writer, r *diff.Result) error {
	var b strings.Builder
	switch {
	case r.Gained():
		b.WriteString("### Mapping: somebody gains rights\n")
	case len(r.Losses)+len(r.SelfServiceLosses)+len(r.Gains)+len(r.SelfServiceGains) > 0:
		b.WriteString("### Mapping: nobody gains rights that were not reviewed\n")
	default:
		b.WriteString("### Mapping: nobody gains or loses anything\n")
	}
	for _, s := range DiffSections(r) {
		if len(s.Changes) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n**%s**\n\n| who | actions | on | by |\n|---|---|---|---|\n", s.Title)
		for _, c := range s.Changes {
			on := Codes(c.Resources)
			for _, resource := range c.Within {
				on += "<br>within " + Code(resource)
			}
			if len(c.Except) > 0 {
				on += "<br>except " + Codes(c.Except)
			}
			if len(c.Conditions) > 0 {
				on += "<br>if " + Codes(c.Conditions)
			}
			var by []string
			for _, rule := range c.Rules {
				by = append(by, fmt.Sprintf("%s:%d", rule.File, rule.Line))
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", Cell(Whose(&c)), Codes(ShortActions(c.Actions)), on, Codes(by))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
