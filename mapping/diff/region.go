package diff

import (
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
)

// region is a set of resources, under a condition: those that all of in name and
// none of except.
type region struct {
	in, except []glob
	condition  string // as written; "" for none
	key        string // equal keys are equal regions
}

func newRegion(in, except []glob, condition string) region {
	var key strings.Builder
	for i, list := range [][]glob{in, except} {
		for _, g := range list {
			key.WriteString(string(rune('\x00'+i)) + g.key() + "\x02")
		}
	}
	key.WriteString("\x03" + condition)
	return region{in, except, condition, key.String()}
}

// statement is a statement as someone holds it.
type statement struct {
	policy.Statement
	regions []region
}

// reader reads the statements of policies that people hold, and remembers them,
// as many hold the same.
type reader struct {
	captures captures
	known    map[string][]statement
}

func newReader(c captures) *reader { return &reader{c, map[string][]statement{}} }

func (r *reader) statements(h mapping.Held) []statement {
	id := h.ID()
	if all, known := r.known[id]; known {
		return all
	}
	conditions := h.Conditions()
	var all []statement
	for i, s := range h.Policy.Statements() {
		all = append(all, statement{s, r.regions(h, s, conditions[i])})
	}
	r.known[id] = all
	return all
}

func (r *reader) regions(h mapping.Held, s policy.Statement, condition string) []region {
	var first string
	if len(s.Actions) > 0 {
		first = s.Actions[0]
	}
	kms := strings.HasPrefix(first, "kms:")
	switch {
	case strings.HasPrefix(first, "admin:"), strings.HasPrefix(first, "sts:"), s.Deny && first == "*",
		kms && len(s.Resources) == 0:
		return []region{newRegion([]glob{everything}, nil, condition)} // Resource is not read
	case len(s.NotResources) > 0:
		var except []glob
		for _, text := range h.Resources(s.NotResources) {
			except = append(except, r.captures.parse(text))
		}
		slices.SortFunc(except, func(a, b glob) int { return strings.Compare(a.key(), b.key()) })
		return []region{newRegion([]glob{everything}, except, condition)}
	}
	var all []region
	for _, text := range h.Resources(s.Resources) {
		all = append(all, newRegion([]glob{r.captures.parse(text)}, nil, condition))
	}
	if kms { // and the calls that name no key
		all = append(all, newRegion([]glob{{'/'}}, nil, condition))
	}
	return all
}
