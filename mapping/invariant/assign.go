package invariant

import (
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping/access"
)

// assignment gives texts to the unknown texts of patterns: captures, the subject, and other policy variables.
type assignment struct {
	texts   map[string]string // by placeholder
	subject string
	facts   []fact   // the other policy variables
	keys    []string // the keys of facts
}

// freshTexts are texts that policies hardly name. The first could be the name of a bucket, the others could not.
var freshTexts = []string{freshPrefix, "ZQX", "q7"}

// unusedTexts returns freshTexts, with letters added until no resource of a policy or of an invariant contains them.
func (p *prover) unusedTexts(list []Invariant) []string {
	var used []string
	for _, i := range list {
		used = append(used, i.Resources...)
	}
	for _, one := range p.Mapping.Policies() {
		for _, s := range one.Statements() {
			used = append(append(used, s.Resources...), s.NotResources...)
		}
	}
	all := strings.ToLower(strings.Join(used, "\n"))
	fresh := slices.Clone(freshTexts)
	for i := range fresh {
		for strings.Contains(all, strings.ToLower(fresh[i])) {
			fresh[i] += fresh[i][len(fresh[i])-1:]
		}
	}
	return fresh
}

// assignments returns the assignments with which a resource can match a pattern of open and a pattern of
// closed. complete is true if there are no others. If unset is true, the list also has assignments that do not
// set a variable.
func (a *attempt) assignments(h *holder, open, closed []access.Pattern, unset bool) (list []*assignment, complete bool) {
	list, complete = []*assignment{{texts: map[string]string{}}}, true
	var unknowns []access.Unknown
	for _, g := range open {
		for _, u := range a.symbolic.Unknowns(g) {
			if !slices.Contains(unknowns, u) && !a.fixed(h, u) {
				unknowns = append(unknowns, u)
			}
		}
	}
	for _, u := range unknowns {
		if u.Variable != "" && a.overwritten(u.Variable) {
			complete = false
		}
		texts, all := a.textsFor(u, open, closed)
		if unset && a.worstUnset(h, u) { // without a value, the variable denies whatever any text denies
			continue
		}
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

// fixed returns true if the holder or an assumption already decides the text of the unknown.
func (a *attempt) fixed(h *holder, u access.Unknown) bool {
	switch {
	case u.Placeholder != "":
		return !slices.ContainsFunc(h.Groups, func(group string) bool { return strings.Contains(group, u.Placeholder) })
	case slices.ContainsFunc(a.assumed, func(f fact) bool { return f.key == u.Variable }):
		return true
	case u.Variable == "jwt:sub" || u.Variable == "claim:sub":
		return h.Subject != "" || h.Account != ""
	}
	return h.Account != "" && inToken(u.Variable)
}

// worstUnset returns true if no text of the variable is worse for an Always than no text. That is so for a claim that
// no condition reads: a test may need the claim to be present.
func (a *attempt) worstUnset(h *holder, u access.Unknown) bool {
	_, tested := a.reads(h)
	if slices.ContainsFunc(tested, func(key string) bool { return sameClaim(key, u.Variable) }) {
		return false
	}
	return strings.HasPrefix(u.Variable, "claim:") && !isSubject(u.Variable) && !a.overwritten(u.Variable)
}

// textsFor returns texts for one unknown, so that a pattern of open and a pattern of closed can match the same
// resource. complete is true if no other text is possible.
func (a *attempt) textsFor(u access.Unknown, open, closed []access.Pattern) (texts []string, complete bool) {
	add := func(text string) {
		if text != "" && !slices.Contains(texts, text) && (u.Placeholder == "" || !strings.Contains(text, "/")) {
			texts = append(texts, text)
		}
	}
	var wide []access.Pattern
	for _, g := range open {
		if !slices.Contains(a.symbolic.Unknowns(g), u) {
			continue
		}
		for _, in := range closed {
			for _, value := range a.symbolic.Values(g, in, u) {
				if text, ok := value.Literal(); ok {
					add(text)
				} else {
					wide = append(wide, value)
				}
			}
		}
	}
	for _, fresh := range a.freshTexts {
		for _, value := range wide {
			add(value.Instance(fresh))
		}
	}
	add(a.freshTexts[0])
	return texts, len(wide) == 0
}

// and returns a copy of the assignment with one more text.
func (s *assignment) and(u access.Unknown, text string) *assignment {
	next := &assignment{texts: map[string]string{}, subject: s.subject, facts: slices.Clone(s.facts), keys: slices.Clone(s.keys)}
	for placeholder, text := range s.texts {
		next.texts[placeholder] = text
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

// value returns the values of policy variables for an identity. A fact comes before the subject.
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
