package matrix

import (
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
)

// Cell says how much of a class a row is about.
type Cell string

// The cells.
const (
	None Cell = ""
	Some Cell = "some"
	All  Cell = "all"
)

// Row is one principal, one policy and one resource pattern.
type Row struct {
	Principal  string   `json:"principal"` // "group:NAME", ...; "guard:NAME" for everybody
	Issuer     string   `json:"issuer,omitempty"`
	File       string   `json:"file"`
	Line       int      `json:"line"`
	Policy     string   `json:"policy"`
	Effect     string   `json:"effect"` // Allow or Deny
	Resource   string   `json:"resource"`
	Read       Cell     `json:"read"`
	Write      Cell     `json:"write"`
	Delete     Cell     `json:"delete"`
	List       Cell     `json:"list"`
	Admin      Cell     `json:"admin"`
	Root       Cell     `json:"root_equivalent"`
	Conditions []string `json:"conditions,omitempty"`
	Expires    string   `json:"expires,omitempty"`
}

// Cells are those of a row in the order of Classes.
func (r *Row) Cells() []Cell { return []Cell{r.Read, r.Write, r.Delete, r.List, r.Admin, r.Root} }

// Of lays a mapping out: the rules in the order of the file, then the guards.
func Of(m *mapping.Mapping) []Row {
	b := builder{policies: map[string][]Row{}}
	for _, p := range m.Policies() {
		b.policies[strings.ToLower(p.Name())] = rowsOf(p.Policy)
	}
	rows := []Row{}
	for _, r := range m.Rules() {
		for _, name := range r.Policies {
			rows = append(rows, b.rows(r, name)...)
		}
	}
	for _, g := range m.Guards() {
		for _, row := range b.policies[strings.ToLower(g.Policy)] {
			if row.Effect == "Deny" {
				row.Principal, row.Issuer, row.File, row.Line = "guard:"+g.Name, g.Issuer, g.File, g.Line
				rows = append(rows, row)
			}
		}
	}
	return rows
}

type builder struct {
	policies map[string][]Row
}

func (b *builder) rows(r mapping.RuleInfo, name string) []Row {
	rows := slices.Clone(b.policies[strings.ToLower(name)])
	for i := range rows {
		row := &rows[i]
		row.Principal, row.Issuer, row.File, row.Line = r.Kind+":"+r.Name, r.Issuer, r.File, r.Line
		if r.Kind == "claim" {
			row.Principal += "=" + name
		}
		if !r.Expires.IsZero() {
			row.Expires = r.Expires.Format("2006-01-02T15:04:05Z07:00")
		}
		for _, c := range r.Captures {
			row.Resource = strings.ReplaceAll(row.Resource, "${group:"+c+"}", "{"+c+"}")
		}
	}
	return rows
}

// place is what statements must share to be one row.
type place struct{ effect, resource, conditions string }

// rowsOf lays one policy out, whoever holds it.
func rowsOf(p *policy.Policy) []Row {
	covered := map[place]map[string]bool{}
	var order []place
	for _, s := range p.Statements() {
		for _, resource := range resourcesOf(s) {
			at := place{"Allow", resource, strings.Join(s.Conditions, ", ")}
			if s.Deny {
				at.effect = "Deny"
			}
			if covered[at] == nil {
				covered[at] = map[string]bool{}
				order = append(order, at)
			}
			for _, action := range policy.Actions() {
				if s.Covers(action) {
					covered[at][action] = true
				}
			}
		}
	}
	rows := make([]Row, 0, len(order))
	for _, at := range order {
		cells := [classCount]Cell{}
		for _, c := range Classes() {
			cells[c] = cellOf(c, covered[at])
		}
		row := Row{
			Policy: p.Name(), Effect: at.effect, Resource: at.resource,
			Read: cells[Read], Write: cells[Write], Delete: cells[Delete], List: cells[List], Admin: cells[Admin], Root: cells[RootEquivalent],
		}
		if at.conditions != "" {
			row.Conditions = strings.Split(at.conditions, ", ")
		}
		rows = append(rows, row)
	}
	return rows
}

func cellOf(c Class, covered map[string]bool) Cell {
	n := 0
	for _, action := range members[c] {
		if covered[action] {
			n++
		}
	}
	switch n {
	case 0:
		return None
	case len(members[c]):
		return All
	}
	return Some
}

// resourcesOf lists the patterns a statement is about, without their prefix.
func resourcesOf(s policy.Statement) []string {
	switch {
	case len(s.NotResources) > 0:
		return []string{"all but " + strings.Join(trimmed(s.NotResources), ", ")}
	case len(s.Actions) > 0 && (strings.HasPrefix(s.Actions[0], "admin:") || strings.HasPrefix(s.Actions[0], "sts:")),
		len(s.Resources) == 0:
		return []string{"*"}
	}
	return trimmed(s.Resources)
}

func trimmed(list []string) []string {
	short := make([]string, len(list))
	for i, r := range list {
		short[i] = strings.TrimPrefix(r, "arn:aws:s3:::")
	}
	return short
}
