package access

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
)

// Entry is an Allowed as text for a person, and as claimgate can and who-can print it. Captures are shown by
// name, such as {bucket}, and actions are shortened.
type Entry struct {
	Principal  string        `json:"principal,omitempty"` // "group:NAME", ...; empty from Can, which asks for one identity
	Issuer     string        `json:"issuer,omitempty"`    // a name, or "any other"; empty: every issuer
	Actions    []string      `json:"actions"`             // shortened; see ShortActions
	Resources  []string      `json:"resources"`
	Within     []string      `json:"within,omitempty"` // each resource must match all of these, too
	Conditions []string      `json:"conditions"`
	Minus      []MinusEntry  `json:"minus"`
	Rule       RuleReference `json:"rule"`
	Policy     string        `json:"policy"`
	Statement  int           `json:"statement"` // the index of the statement in the policy, from 0
	Expires    string        `json:"expires,omitempty"`

	Kinds []Kind   `json:"-"` // the kinds of the actions
	All   []string `json:"-"` // the actions, not shortened
}

// MinusEntry is a Minus as text for a person.
type MinusEntry struct {
	Actions    []string `json:"actions"`
	Resources  []string `json:"resources"`
	Except     []string `json:"except,omitempty"`
	Conditions []string `json:"conditions,omitempty"`
	By         string   `json:"by"`
}

// RuleReference is a rule with the file and the line where the rule begins.
type RuleReference struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	File string `json:"file"`
	Line int    `json:"line"`
}

// entries returns a list of Allowed as text. show replaces placeholders or policy variables in a text.
func entries(list []Allowed, show func(string) string) []Entry {
	all := []Entry{}
	shown := func(texts []string) []string {
		out := make([]string, 0, len(texts))
		for _, text := range texts {
			out = append(out, show(text))
		}
		return out
	}
	for i := range list {
		a := &list[i]
		e := Entry{
			Actions: ShortActions(a.Actions), Resources: shown(a.Resources), Conditions: []string{}, Minus: []MinusEntry{},
			Rule: ruleReference(a.Granted.Rule), Policy: a.Granted.Policy.Name(), Statement: a.Statement, Kinds: a.kinds, All: a.Actions,
		}
		if len(a.Within) > 0 {
			e.Within = shown(a.Within)
		}
		if a.Condition != "" {
			e.Conditions = append(e.Conditions, show(a.Condition))
		}
		for _, m := range a.Minus {
			shownMinus := MinusEntry{Actions: ShortActions(m.Actions), Resources: shown(m.Resources), By: m.By}
			if len(m.Except) > 0 {
				shownMinus.Except = shown(m.Except)
			}
			if m.Condition != "" {
				shownMinus.Conditions = []string{show(m.Condition)}
			}
			e.Minus = append(e.Minus, shownMinus)
		}
		all = append(all, e)
	}
	return all
}

func ruleReference(r mapping.Rule) RuleReference {
	return RuleReference{r.Name, r.Kind, r.File, r.Line}
}

// ShortActions returns a shorter list of patterns. Of the actions of Asked, the patterns match exactly the
// actions of the list. A pattern stands for a whole family, such as s3:*, or for at least three actions with
// the same verb, such as s3:Get*.
func ShortActions(actions []string) []string {
	short := []string{}
	covered := map[string]bool{}
	add := func(prefix string, least int) {
		var here int
		for _, a := range Asked() {
			if strings.HasPrefix(a, prefix) {
				if !slices.Contains(actions, a) {
					return
				}
				here++
			}
		}
		if here < least {
			return
		}
		short = append(short, prefix+"*")
		for _, a := range actions {
			covered[a] = covered[a] || strings.HasPrefix(a, prefix)
		}
	}
	for _, family := range []string{"s3:", "admin:", "kms:", "s3tables:"} {
		add(family, 2)
	}
	for _, a := range actions {
		if !covered[a] {
			add(verb(a), 3)
		}
		if !covered[a] {
			short = append(short, a)
		}
	}
	slices.Sort(short)
	return slices.Compact(short)
}

// verb returns the action up to the end of the first word of its name, such as s3:Get for s3:GetObject.
func verb(action string) string {
	family, name, _ := strings.Cut(action, ":")
	for i := 1; i < len(name); i++ {
		if 'A' <= name[i] && name[i] <= 'Z' {
			return family + ":" + name[:i]
		}
	}
	return action
}

// Can returns what the grants allow on the resource on, or everywhere if on is empty. The resource is written
// as in a policy. value returns the value of a policy variable for the holder, or "" if the value is not known.
func Can(g *mapping.Grants, on string, value func(key string) string) []Entry {
	r := NewReader(nil)
	region := Everything()
	if on != "" {
		region = r.On(on)
	}
	return entries(r.Allowed(g, Asked(), region), func(text string) string {
		return variableText.ReplaceAllStringFunc(text, func(found string) string {
			return cmp.Or(value(found[2:len(found)-1]), found)
		})
	})
}

var variableText = regexp.MustCompile(`\$\{[^{}$]+\}`)

// Matching returns the actions of Asked that the Action pattern of a policy matches.
func Matching(pattern string) []string {
	return slices.DeleteFunc(slices.Clone(Asked()), func(a string) bool { return !policy.Match(pattern, a) })
}
