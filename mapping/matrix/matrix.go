package matrix

import (
	"slices"
	"strings"
	"time"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
)

// Cell says how many actions of a class a row allows or denies.
type Cell string

// The cells. All means every action of the class that MinIO asks about the resource of the row.
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
	Minus      []string `json:"minus,omitempty"` // resources on which a Deny takes away some of the actions
	Expires    string   `json:"expires,omitempty"`
}

// Cells returns the cells of the row in the order of Classes.
func (r *Row) Cells() []Cell { return []Cell{r.Read, r.Write, r.Delete, r.List, r.Admin, r.Root} }

// Of returns the rows of a mapping: the rules in the order of the file, then the guards. Expired grants are
// included. Row.Expires says when a grant expires.
func Of(m *mapping.Mapping) []Row {
	all, placeholders := access.Principals(m)
	b := builder{m: m, read: access.NewReader(placeholders), principals: map[string]*access.Principal{}, known: map[string][]Row{}}
	for _, p := range all {
		if b.principals[p.Name] == nil {
			b.principals[p.Name] = p
		}
	}
	rows := []Row{}
	for _, r := range m.Rules() {
		for _, name := range r.Policies {
			rows = append(rows, b.rows(r, name)...)
		}
	}
	for _, g := range m.Guards() {
		if h, ok := m.Policy(g.Policy, nil); ok {
			for _, row := range b.rowsOf(h, "Deny", b.read.Denied(h, access.Asked())) {
				row.Principal, row.Issuer, row.File, row.Line = "guard:"+g.Name, g.Issuer, g.File, g.Line
				rows = append(rows, row)
			}
		}
	}
	return rows
}

type builder struct {
	m          *mapping.Mapping
	read       *access.Reader
	principals map[string]*access.Principal
	known      map[string][]Row // by the policy, and by everything that the principal holds
}

// rows returns the rows of a policy that a rule grants to its principal. The principal holds what the rules for
// that principal grant, and nothing else.
func (b *builder) rows(r mapping.RuleInfo, name string) []Row {
	who := r.Kind + ":" + r.Name
	if r.Kind == "claim" {
		who = "claim:" + b.m.ClaimName() + "=" + name
	}
	p := b.principals[who]
	issuer := r.Issuer
	if issuer == "" {
		issuer = access.OtherIssuer
	}
	g := p.Holds(b.m, issuer, time.Time{})
	h, ok := b.held(g, name)
	if !ok {
		return nil
	}
	key := h.ID() + "\x02" + who[:1]
	for _, list := range [][]mapping.Granted{g.Granted(), g.Guards()} {
		for _, o := range list {
			key += "\x02" + o.ID()
		}
		key += "\x03"
	}
	all, known := b.known[key]
	if !known {
		all = slices.Concat(
			b.rowsOf(h, "Allow", b.read.AllowedBy(h, g.Granted(), g.Guards(), access.Asked())), b.rowsOf(h, "Deny", b.read.Denied(h, access.Asked())),
		)
		b.known[key] = all
	}
	rows := slices.Clone(all)
	for i := range rows {
		row := &rows[i]
		row.Principal, row.Issuer, row.File, row.Line = r.Kind+":"+r.Name, r.Issuer, r.File, r.Line
		if r.Kind == "claim" {
			row.Principal += "=" + name
		}
		if !r.Expires.IsZero() {
			row.Expires = r.Expires.Format("2006-01-02T15:04:05Z07:00")
		}
		row.Resource = p.Show(row.Resource)
		row.Minus = slices.Clone(row.Minus)
		for n := range row.Minus {
			row.Minus[n] = p.Show(row.Minus[n])
		}
	}
	return rows
}

// held returns the granted policy with the name.
func (b *builder) held(g *mapping.Grants, name string) (mapping.Granted, bool) {
	for _, h := range g.Granted() {
		if strings.EqualFold(h.Policy.Name(), name) {
			return h, true
		}
	}
	return mapping.Granted{}, false
}

// place is what Allowed values must share to become one row.
type place struct{ resource, conditions string }

// rowsOf returns rows for what a policy allows or denies.
func (b *builder) rowsOf(h mapping.Granted, effect string, list []access.Allowed) []Row {
	covered := map[place]map[string]bool{}
	minus := map[place][]string{}
	var order []place
	for i := range list {
		a := &list[i]
		conditions := h.Policy.Statements()[a.Statement].Conditions
		for _, resource := range a.Resources {
			at := place{resourceOf(resource, a, h), strings.Join(conditions, ", ")}
			if covered[at] == nil {
				covered[at] = map[string]bool{}
				order = append(order, at)
			}
			for _, action := range a.Actions {
				covered[at][action] = true
			}
			for _, m := range a.Minus {
				if !leftOut(m) {
					minus[at] = append(minus[at], trimmed(m.Resources)...)
				}
			}
		}
	}
	rows := make([]Row, 0, len(order))
	for _, at := range order {
		cells := [classCount]Cell{}
		for _, c := range Classes() {
			cells[c] = cellOf(c, covered[at], kindsOn(at.resource))
		}
		row := Row{
			Policy: h.Policy.Name(), Effect: effect, Resource: at.resource,
			Read: cells[Read], Write: cells[Write], Delete: cells[Delete], List: cells[List], Admin: cells[Admin], Root: cells[RootEquivalent],
		}
		if at.conditions != "" {
			row.Conditions = strings.Split(at.conditions, ", ")
		}
		slices.Sort(minus[at])
		row.Minus = slices.Compact(minus[at])
		rows = append(rows, row)
	}
	return rows
}

// cellOf returns how many actions of the class are covered, of those that MinIO asks about a resource of one of
// the kinds. For RootEquivalent every action of the class counts, so that one bucket is never All.
func cellOf(c Class, covered map[string]bool, kinds []access.Kind) Cell {
	n, of := 0, 0
	for _, action := range members[c] {
		if covered[action] {
			n++
		}
		if c == RootEquivalent || slices.Contains(kinds, access.KindOf(action)) {
			of++
		}
	}
	switch {
	case n == 0:
		return None
	case n >= of:
		return All
	}
	return Some
}

// leftOut returns true if the Minus is the NotResource of the statement itself.
func leftOut(m access.Minus) bool { return strings.HasPrefix(m.By, "NotResource") }

// resourceOf returns the pattern of a row: "A", or "A and B" if the resources match both, or "A but C" if the
// statement has the NotResource C. In the last form "*" is written "all".
func resourceOf(resource string, a *access.Allowed, h mapping.Granted) string {
	text := strings.Join(trimmed(append([]string{resource}, a.Within...)), and)
	if out := h.Policy.Statements()[a.Statement].NotResources; len(out) > 0 {
		if text == "*" {
			text = "all"
		}
		text += but + strings.Join(trimmed(h.Resources(out)), ", ")
	}
	return text
}

const (
	and = " and "
	but = " but "
)

// kindsOn returns the kinds of actions that MinIO may ask about the pattern of a row.
func kindsOn(text string) []access.Kind {
	text, _, _ = strings.Cut(text, but)
	text, _, _ = strings.Cut(text, and)
	if text == "all" {
		text = "*"
	}
	return access.KindsOn(text)
}

func trimmed(list []string) []string {
	short := make([]string, len(list))
	for i, r := range list {
		short[i] = strings.TrimPrefix(strings.TrimPrefix(r, "arn:aws:s3:::"), "arn:minio:kms:::")
	}
	return short
}
