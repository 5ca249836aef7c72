package access

import (
	"slices"
	"strconv"
	"strings"

	"github.com/claimgate/claimgate/mapping"
)

// denied is a Deny statement with the policy or guard that contains the statement.
type denied struct {
	Statement
	granted mapping.Granted
	guard   bool
	id      string
}

// by returns the value of Minus.By.
func (d *denied) by() string {
	if d.guard {
		return "guard " + d.granted.Rule.Name
	}
	return "policy " + d.granted.Policy.Name()
}

// denies returns the Deny statements of the policies and of the guards.
func (r *Reader) denies(held, guards []mapping.Granted) []denied {
	var all []denied
	add := func(list []mapping.Granted, guard bool) {
		for _, h := range list {
			for i, s := range r.Statements(h) {
				if s.Deny {
					all = append(all, denied{s, h, guard, h.ID() + "\x00" + strconv.Itoa(i)})
				}
			}
		}
	}
	add(held, false)
	add(guards, true)
	return all
}

// remainder is the part of a region that the denies leave, and the denies that take something of the part away.
type remainder struct {
	terms   []Term
	partial []int // indexes into the list covering
}

// left returns what the denies leave of the resources that are in both regions. covering are the indexes of
// the denies that cover the action. A term that one Deny or several together take away whole is left out. A
// term of which they take a part is in terms unchanged, and the denies are in partial.
func (r *Reader) left(kind Kind, region, on Region, denies []denied, covering []int) *remainder {
	key := strings.Builder{}
	key.WriteByte(byte(kind))
	key.WriteString(region.key + "\x05" + on.key)
	for _, i := range covering {
		key.WriteString("\x05" + denies[i].id)
	}
	if known := r.remainders[key.String()]; known != nil {
		return known
	}
	found := r.computeLeft(kind, region, on, denies, covering)
	r.remainders[key.String()] = found
	return found
}

func (r *Reader) computeLeft(kind Kind, region, on Region, denies []denied, covering []int) *remainder {
	terms := TermsOf(kind, region)
	for _, g := range on.In {
		terms = flatMap(terms, func(t Term) []Term { return t.meet(g) })
	}
	if terms = slices.DeleteFunc(terms, Term.Empty); len(terms) == 0 {
		return &remainder{}
	}
	var taken []Region
	for _, i := range covering {
		for _, q := range denies[i].Regions {
			if q.spares() { // put what is spared into terms: Minus would list everything else
				terms = Without(terms, []Region{q})
			} else {
				taken = append(taken, q)
			}
		}
	}
	terms = Pruned(slices.DeleteFunc(slices.Clone(terms), func(t Term) bool { return len(Without([]Term{t}, taken)) == 0 }))
	found := &remainder{terms: terms}
	for n, i := range covering {
		overlaps := func(q Region) bool {
			return !q.spares() && slices.ContainsFunc(terms, func(t Term) bool { return t.overlaps(q) })
		}
		if slices.ContainsFunc(denies[i].Regions, overlaps) {
			found.partial = append(found.partial, n)
		}
	}
	return found
}

// spares returns true if the Deny takes away everything except known resources: the region has exceptions, no
// exception has a policy variable, and there is no condition.
func (r Region) spares() bool {
	return len(r.Except) > 0 && r.Condition == "" && !slices.ContainsFunc(r.Except, Pattern.hasVariable)
}

// overlaps returns true if the term and the denied region may have a resource in common.
func (t Term) overlaps(q Region) bool {
	common := []Term{t}
	for _, g := range q.In {
		common = flatMap(common, func(t Term) []Term { return t.meet(g) })
	}
	for i := range common {
		common[i].Except = append(slices.Clone(common[i].Except), slices.DeleteFunc(slices.Clone(q.Except), Pattern.hasVariable)...)
	}
	return slices.ContainsFunc(common, func(t Term) bool { return !t.Empty() })
}
