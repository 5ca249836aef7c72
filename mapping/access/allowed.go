package access

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
)

// Allowed is what one statement of a policy allows a principal. A resource that a Deny without a condition
// takes away whole is not in Resources. A resource that a Deny takes away in part is, and Minus has the part.
type Allowed struct {
	Granted   mapping.Granted
	Statement int      // the index of the statement in the policy, from 0
	Actions   []string // sorted
	Resources []string // as a policy writes them, sorted
	Within    []string // each resource must match all of these, too
	Condition string   // of the statement; empty if there is none
	Minus     []Minus

	kinds []Kind // the kinds of the actions
}

// Minus is a part of an Allowed that a Deny takes away, or that the statement leaves out by its NotResource.
type Minus struct {
	By        string       // "guard NAME", "policy NAME", or "NotResource of policy NAME"
	Rule      mapping.Rule // the guard, or the rule that grants the policy
	Actions   []string     // sorted
	Resources []string     // as a policy writes them, sorted
	Except    []string     // the resources that the Deny spares
	Condition string       // the Deny applies only under this condition; empty if there is none
}

// Allowed returns what the grants allow of the actions on the resources of the region.
func (r *Reader) Allowed(g *mapping.Grants, actions []string, on Region) []Allowed {
	denies := r.denies(g.Granted(), g.Guards())
	x := collector{r: r, at: map[string]int{}}
	for _, h := range g.Granted() {
		x.policy(h, false, actions, denies, on)
	}
	return x.sorted()
}

// AllowedBy returns what the policy h allows of the actions on all resources, to a principal who holds the
// policies held under the guards. held contains h.
func (r *Reader) AllowedBy(h mapping.Granted, held, guards []mapping.Granted, actions []string) []Allowed {
	x := collector{r: r, at: map[string]int{}}
	x.policy(h, false, actions, r.denies(held, guards), Everything())
	return x.sorted()
}

// Denied returns what the Deny statements of the policy deny, in the form of Allowed.
func (r *Reader) Denied(h mapping.Granted, actions []string) []Allowed {
	x := collector{r: r, at: map[string]int{}}
	x.policy(h, true, actions, nil, Everything())
	return x.sorted()
}

// collector collects Allowed values. Actions that share everything else become one value.
type collector struct {
	r     *Reader
	found []Allowed
	at    map[string]int
}

// policy adds the Deny statements of a policy if deny is true, else the Allow statements.
func (x *collector) policy(h mapping.Granted, deny bool, actions []string, denies []denied, on Region) {
	for i, s := range x.r.Statements(h) {
		if s.Deny != deny {
			continue
		}
		for _, action := range actions {
			if s.Covers(action) {
				x.action(h, i, s, action, denies, on)
			}
		}
	}
}

// action adds what the i-th statement s of the policy allows of one action.
func (x *collector) action(h mapping.Granted, i int, s Statement, action string, denies []denied, on Region) {
	covering := coveringOf(denies, action)
	on = regionFor(action, on)
	for _, region := range s.Regions {
		left := x.r.left(KindOf(action), region, on, denies, covering)
		for _, t := range left.terms {
			a := Allowed{Granted: h, Statement: i, Actions: []string{action}, Condition: region.Condition, kinds: []Kind{t.Kind}}
			a.Resources = []string{x.r.resource(t.Kind, action, t.In[0])}
			for _, g := range t.In[1:] {
				a.Within = append(a.Within, x.r.resource(t.Kind, action, g))
			}
			if len(region.Except) > 0 {
				a.Minus = append(a.Minus, Minus{
					By: "NotResource of policy " + h.Policy.Name(), Rule: h.Rule, Actions: a.Actions, Resources: x.r.resources(t, action, region.Except),
				})
			}
			for _, n := range left.partial {
				a.Minus = append(a.Minus, x.r.minus(t, action, &denies[covering[n]])...)
			}
			a.Minus = merged(a.Minus)
			x.add(&a)
		}
	}
}

// merged returns the list with one Minus for those that differ in the resources alone, and none without
// resources.
func merged(list []Minus) []Minus {
	var all []Minus
	for _, m := range list {
		i := slices.IndexFunc(all, func(o Minus) bool {
			return o.By == m.By && o.Condition == m.Condition && slices.Equal(o.Except, m.Except)
		})
		switch {
		case len(m.Resources) == 0:
		case i >= 0:
			all[i].Resources = sortedUnique(append(all[i].Resources, m.Resources...))
		default:
			all = append(all, m)
		}
	}
	return all
}

// resources returns the texts of the patterns that overlap the term. The exceptions of the term do not count.
func (r *Reader) resources(t Term, action string, list []Pattern) []string {
	t.Except = nil
	var all []string
	for _, g := range list {
		if t.overlaps(Region{In: []Pattern{g}}) {
			all = append(all, r.resource(t.Kind, action, g))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// minus returns the parts of the term that the Deny takes away.
func (r *Reader) minus(t Term, action string, d *denied) []Minus {
	var all []Minus
	for _, q := range d.Regions {
		if q.spares() || !t.overlaps(q) {
			continue
		}
		m := Minus{By: d.by(), Rule: d.granted.Rule, Actions: []string{action}, Condition: q.Condition, Except: r.resources(t, action, q.Except)}
		for _, g := range q.In {
			m.Resources = append(m.Resources, r.resource(t.Kind, action, g))
		}
		all = append(all, m)
	}
	return all
}

// resource returns the text of a pattern as a policy for the action writes it. For an action on a bucket the
// text ends before the slash.
func (r *Reader) resource(kind Kind, action string, g Pattern) string {
	if slash := slices.Index(g, '/'); kind == BucketKind && slash > 0 {
		g = g[:slash]
	}
	return Resource(action, r.Text(g))
}

// add adds an Allowed of one action, or adds the action to a value that is otherwise equal.
func (x *collector) add(a *Allowed) {
	key := a.Granted.ID() + "\x00" + a.Granted.Rule.Kind + "\x00" + a.Granted.Rule.Name + "\x00" + strconv.Itoa(a.Statement) + "\x00" +
		a.Resources[0] + "\x00" + strings.Join(a.Within, "\x01")
	for _, m := range a.Minus {
		key += "\x02" + m.By + "\x01" + strings.Join(m.Resources, "\x01") + "\x03" + strings.Join(m.Except, "\x01") + "\x03" + m.Condition
	}
	i, known := x.at[key]
	if !known {
		x.at[key] = len(x.found)
		x.found = append(x.found, *a)
		return
	}
	have := &x.found[i]
	have.Actions = append(have.Actions, a.Actions...)
	if !slices.Contains(have.kinds, a.kinds[0]) {
		have.kinds = append(have.kinds, a.kinds[0])
	}
	for n := range have.Minus {
		have.Minus[n].Actions = append(slices.Clone(have.Minus[n].Actions), a.Actions...)
	}
}

// sorted returns the values in the order of the mapping file. Values that differ in the resources alone become
// one value.
func (x *collector) sorted() []Allowed {
	var all []Allowed
	at := map[string]int{}
	for _, a := range x.found {
		a.Actions = sortedUnique(a.Actions)
		key := a.Granted.ID() + "\x00" + a.Granted.Rule.Kind + "\x00" + a.Granted.Rule.Name + "\x00" + strconv.Itoa(a.Statement) + "\x00" +
			strings.Join(a.Actions, " ") + "\x00" + strings.Join(a.Within, "\x01")
		for n := range a.Minus {
			m := &a.Minus[n]
			m.Actions = sortedUnique(m.Actions)
			key += "\x02" + m.By + "\x01" + strings.Join(m.Resources, "\x01") + "\x03" + strings.Join(m.Except, "\x01") + "\x03" + m.Condition
		}
		if i, known := at[key]; known {
			all[i].Resources = sortedUnique(append(all[i].Resources, a.Resources...))
			continue
		}
		at[key] = len(all)
		all = append(all, a)
	}
	slices.SortStableFunc(all, func(a, b Allowed) int {
		return cmp.Or(
			cmp.Compare(a.Granted.Rule.File, b.Granted.Rule.File), cmp.Compare(a.Granted.Rule.Line, b.Granted.Rule.Line),
			strings.Compare(a.Granted.Policy.Name(), b.Granted.Policy.Name()), cmp.Compare(a.Statement, b.Statement),
			slices.Compare(a.Resources, b.Resources),
		)
	})
	return all
}

func sortedUnique(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// Asked returns the actions that MinIO asks the webhook about: all known actions except those of sts, which are
// logins. The caller must not change the list.
var Asked = sync.OnceValue(func() []string {
	return slices.DeleteFunc(policy.Actions(), func(a string) bool { return strings.HasPrefix(a, "sts:") })
})

// Everything returns the region of all resources, without a condition.
func Everything() Region { return NewRegion([]Pattern{everything}, nil, "") }

// On returns the region of a resource as a policy writes it, such as arn:aws:s3:::reports/*.
func (r *Reader) On(resource string) Region {
	return NewRegion([]Pattern{r.parse(resource)}, nil, "")
}

// KindsOn returns the kinds of actions that MinIO may ask about a resource of an Allowed. A text with a slash
// is not about a bucket. "*" is about every kind.
func KindsOn(resource string) []Kind {
	p := Placeholders(nil).Parse(resource)
	var kinds []Kind
	for _, kind := range []Kind{ObjectKind, BucketKind, ClusterKind, KeyKind} {
		s3 := kind != KeyKind && (kind != BucketKind || !strings.Contains(resource, "/"))
		if len(p) == 1 && p[0] == star || s3 && exists(kind, []Pattern{p.widened()}, nil) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// Applies returns true if MinIO may ask about the action on the resource, written as in a policy.
func Applies(action, resource string) bool {
	return exists(KindOf(action), []Pattern{Placeholders(nil).Parse(resource).widened()}, nil)
}
