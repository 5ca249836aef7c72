package mapping

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/mapping/policy"
)

// Granted is a policy that somebody holds, or the policy of a guard that binds somebody.
type Granted struct {
	Policy *policy.Policy
	Vars   map[string]string // the captures of the group's name, such as "bucket"
	Rule   Rule              // the first rule that grants it, or the guard
	entry  *entry
}

// Granted lists the policies held, in the order of Mapping.Policies.
func (g *Grants) Granted() []Granted {
	if g.Empty() {
		return nil
	}
	list := make([]Granted, len(g.held))
	for i, h := range g.held {
		list[i] = Granted{Policy: h.entry.Policy, Vars: h.variables(), Rule: h.rule.Rule, entry: h.entry}
	}
	return list
}

// Guards lists the guards that bind the holder, each with its policy.
func (g *Grants) Guards() []Granted {
	if g.Empty() {
		return nil
	}
	list := make([]Granted, len(g.guards))
	for i, by := range g.guards {
		list[i] = Granted{Policy: by.policy.Policy, Rule: by.Rule, entry: by.policy}
	}
	return list
}

// Conditions returns the condition of each statement, as JSON without blanks and with the captures filled
// in. Equal texts are equal conditions. The text is empty if the statement has no condition.
func (h Granted) Conditions() []string {
	texts := make([]string, len(h.Policy.Statements()))
	doc, err := strictjson.Parse(h.entry.doc)
	if err != nil { // a canned policy: no text here, and no condition
		return texts
	}
	i := 0
	for statement := range doc.Root().Get("Statement").Elements() {
		if c := statement.Get("Condition"); c.Len() > 0 {
			texts[i] = h.bind(compact(c.Raw()))
		}
		i++
	}
	return texts
}

// Resources returns the texts with the captures in place of ${group:...}. The texts are the Resources or
// NotResources of a statement. A capture never contains a character that has a meaning in a resource.
func (h Granted) Resources(texts []string) []string {
	bound := make([]string, len(texts))
	for i, text := range texts {
		bound[i] = h.bind(text)
	}
	return bound
}

func (h Granted) bind(text string) string {
	for name, value := range h.Vars {
		text = strings.ReplaceAll(text, "${group:"+name+"}", value)
	}
	return text
}

func compact(raw []byte) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return string(raw)
	}
	return b.String()
}

// ID identifies the policy together with its captures. Policies with equal names, documents and captures
// have equal IDs, also if they are from different mappings.
func (h Granted) ID() string {
	id := h.Policy.Name() + "\x00" + string(h.entry.doc)
	for _, name := range h.entry.needs {
		id += "\x00" + name + "=" + h.Vars[name]
	}
	return id
}
