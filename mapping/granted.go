package mapping

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/mapping/policy"
)

// Granted is a policy that someone holds, or that a guard holds against them.
type Granted struct {
	Policy *policy.Policy
	Vars   map[string]string // what the group's name captured
	Rule   Rule              // the first rule that grants it, or the guard
	entry  *entry
}

// Granted lists the policies granted.
func (g *Grants) Granted() []Granted {
	if g.Empty() {
		return nil
	}
	list := make([]Granted, len(g.held))
	for i, h := range g.held {
		list[i] = Granted{Policy: h.entry.Policy, Vars: h.named(), Rule: h.rule.Rule, entry: h.entry}
	}
	return list
}

// Guards lists the guards that bind the holder, with their policies.
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

// Conditions is the condition of each statement as its author wrote it, without
// blanks: equal texts are equal conditions. It is empty where there is none.
func (h Granted) Conditions() []string {
	texts := make([]string, len(h.Policy.Statements()))
	doc, err := strictjson.Parse(h.entry.doc)
	if err != nil { // a canned policy, which has no text here and no condition
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

// Resources is the resources of a statement, or its exceptions, with what the
// group's name captured in the place of ${group:...}. No capture holds a
// character that means anything in a resource.
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

// ID names the policy and what was captured for it. Policies of equal text have
// equal IDs, whatever mapping they are of.
func (h Granted) ID() string {
	id := h.Policy.Name() + "\x00" + string(h.entry.doc)
	for _, name := range h.entry.needs {
		id += "\x00" + name + "=" + h.Vars[name]
	}
	return id
}
