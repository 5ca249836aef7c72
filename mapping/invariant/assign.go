package invariant

import (
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping/access"
)

// assignment gives texts to what patterns do not say: the captures of a group's name, the subject, and
// other policy variables.
type assignment struct {
	texts   map[string]string // placeholder -> text
	subject string
	facts   []fact
	keys    []string // of facts
}

// A made-up text that could be a bucket's name comes first. Then comes one that could not.
var freshTexts = []string{unnamed, "ZQX", "q7"}

// assignments returns the texts with which a resource can match an open pattern and a closed one. complete
// is true if no other texts could. With unset, variables without a text come first.
func (a *attempt) assignments(h *holder, open, closed []access.Pattern, unset bool) (list []*assignment, complete bool) {
	list, complete = []*assignment{{texts: map[string]string{}}}, true
	var unknowns []access.Unknown
	for _, g := range open {
		for _, u := range a.made.Unknowns(g) {
			if !slices.Contains(unknowns, u) && !a.fixed(h, u) {
				unknowns = append(unknowns, u)
			}
		}
	}
	for _, u := range unknowns {
		texts, all := a.textsFor(u, open, closed)
		complete = complete && all
		var next []*assignment
		for _, have := range list {
			if unset && u.Variable != "" && u.Variable != "jwt:sub" && u.Variable != "claim:sub" {
				next = append(next, have)
			}
			for _, text := range texts {
				next = append(next, have.and(u, text))
			}
		}
		if list = next; len(list) > maxAssigned {
			list, complete = list[:maxAssigned], false
		}
	}
	return list, complete
}

// fixed returns true if the holder, or an assumption, gives the unknown its text.
func (a *attempt) fixed(h *holder, u access.Unknown) bool {
	switch {
	case u.Placeholder != "":
		return !slices.ContainsFunc(h.Groups, func(group string) bool { return strings.Contains(group, u.Placeholder) })
	case slices.ContainsFunc(a.assumed, func(f fact) bool { return f.key == u.Variable }):
		return true
	case u.Variable == "jwt:sub" || u.Variable == "claim:sub":
		return h.Subject != "" || h.Account != ""
	}
	return h.Account != "" && borne(u.Variable)
}

// textsFor returns texts for an unknown of the patterns.
func (a *attempt) textsFor(u access.Unknown, open, closed []access.Pattern) (texts []string, complete bool) {
	add := func(text string) {
		if text != "" && !slices.Contains(texts, text) && (u.Placeholder == "" || !strings.Contains(text, "/")) {
			texts = append(texts, text)
		}
	}
	var wide []access.Pattern
	for _, g := range open {
		if !slices.Contains(a.made.Unknowns(g), u) {
			continue
		}
		for _, in := range closed {
			for _, value := range a.made.Values(g, in, u) {
				if text, ok := value.Literal(); ok {
					add(text)
				} else {
					wide = append(wide, value)
				}
			}
		}
	}
	for _, fresh := range freshTexts {
		for _, value := range wide {
			add(value.Instance(fresh))
		}
	}
	add(freshTexts[0])
	return texts, len(wide) == 0
}

func (s *assignment) and(u access.Unknown, text string) *assignment {
	next := &assignment{texts: map[string]string{}, subject: s.subject, facts: slices.Clone(s.facts), keys: slices.Clone(s.keys)}
	for made, text := range s.texts {
		next.texts[made] = text
	}
	switch {
	case u.Placeholder != "":
		next.texts[u.Placeholder] = text
	case u.Variable == "jwt:sub" || u.Variable == "claim:sub":
		next.subject = text
	default:
		next.facts = append(next.facts, fact{u.Variable, text})
		next.keys = append(next.keys, u.Variable)
	}
	return next
}

// value returns the text of a policy variable for an identity under facts.
func value(id *Identity, facts []fact) access.Value {
	return func(key string) (string, bool) {
		for _, f := range facts {
			if f.key == key {
				text, ok := f.value.(string)
				return text, ok && text != ""
			}
		}
		if key == "jwt:sub" || key == "claim:sub" {
			return id.Subject, id.Subject != ""
		}
		return "", false
	}
}
