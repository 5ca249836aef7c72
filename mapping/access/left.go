package access

import (
	"slices"
	"strconv"
	"strings"

	"github.com/claimgate/claimgate/mapping"
)

// denied is a statement that denies, with the policy or guard that it is of.
type denied struct {
	Statement
	granted mapping.Granted
	guard   bool
	id      string
}

func (d *denied) by() string {
	if d.guard {
		return "guard " + d.granted.Rule.Name
	}
	return "policy " + d.granted.Policy.Name()
}

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

// rest is what denies leave of a region: the terms that are left, and which of the denies that cover the
// action take a part.
type rest struct {
	terms   []Term
	partial []int // positions in the list of those that cover the action
}

// left returns what the denies leave of the common part of two regions.
func (r *Reader) left(kind Kind, region, on Region, denies []denied, covering []int) *rest {
	key := strings.Builder{}
	key.WriteByte(byte(kind))
	key.WriteString(region.key + "\x05" + on.key)
	for _, i := range covering {
		key.WriteString("\x05" + denies[i].id)
	}
	if known := r.rests[key.String()]; known != nil {
		return known
	}
	found := r.computeLeft(kind, region, on, denies, covering)
	r.rests[key.String()] = found
	return found
}

func (r *Reader) computeLeft(kind Kind, region, on Region, denies []denied, covering []int) *rest {
	terms := TermsOf(kind, region)
	for _, g := range on.In {
		terms = each(terms, func(t Term) []Term { return t.meet(g) })
	}
	if terms = slices.DeleteFunc(terms, Term.Empty); len(terms) == 0 {
		return &rest{}
	}
	var taken []Region
	for _, i := range covering {
		for _, q := range denies[i].Regions {
			if q.spares() { // what is spared reads better than what is taken
				terms = Without(terms, []Region{q})
			} else {
				taken = append(taken, q)
			}
		}
	}
	terms = Pruned(slices.DeleteFunc(slices.Clone(terms), func(t Term) bool { return len(Without([]Term{t}, taken)) == 0 }))
	found := &rest{terms: terms}
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

// spares returns true for a Deny that takes everything away save what is known: no condition and no policy
// variable bears on what is left.
func (r Region) spares() bool {
	return len(r.Except) > 0 && r.Condition == "" && !slices.ContainsFunc(r.Except, Pattern.varies)
}

// overlaps returns true if the term and the region may have a resource in common.
func (t Term) overlaps(q Region) bool {
	common := []Term{t}
	for _, g := range q.In {
		common = each(common, func(t Term) []Term { return t.meet(g) })
	}
	for i := range common {
		common[i].Except = append(slices.Clone(common[i].Except), slices.DeleteFunc(slices.Clone(q.Except), Pattern.varies)...)
	}
	return slices.ContainsFunc(common, func(t Term) bool { return !t.Empty() })
}
