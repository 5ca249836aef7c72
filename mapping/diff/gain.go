package diff

import "slices"

// term is a part of what is gained: what all of in name and none of except,
// under conditions.
type term struct {
	in, except []glob
	conditions []string
	allowed    string // the key of the region that allows it
}

// gained is what is allowed after and was not before.
//
// With A for allowed and D for denied that is A' - D' - (A - D). For a region P
// of A' it is P - D' - A, and P and Q - D' for each Q of D. A region that was
// there before cancels the first, a Deny that is still there the second: so what
// has not changed is never compared with itself, whatever its conditions.
func gained(s *sides) []term {
	var all []term
	for _, p := range s.allowedAfter {
		if !contains(s.allowedBefore, p) {
			all = append(all, without(termsOf(p), s.deniedAfter, s.allowedBefore)...)
		}
		for _, q := range s.deniedBefore {
			if !contains(s.deniedAfter, q) {
				all = append(all, without(both(p, q), s.deniedAfter)...)
			}
		}
	}
	return pruned(all)
}

func contains(list []region, r region) bool {
	return slices.ContainsFunc(list, func(o region) bool { return o.key == r.key })
}

func termsOf(p region) []term {
	return []term{{in: p.in, except: p.except, conditions: conditionsOf(p), allowed: p.key}}
}

func conditionsOf(regions ...region) []string {
	var all []string
	for _, r := range regions {
		if r.condition != "" {
			all = append(all, r.condition)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// both is what an allowed region and a denied one have in common. Where a
// variable is not set the Deny reaches into its exceptions too.
func both(p, q region) []term {
	terms := []term{{
		in: p.in, except: slices.Concat(p.except, slices.DeleteFunc(slices.Clone(q.except), glob.varies)), conditions: conditionsOf(p, q), allowed: p.key,
	}}
	for _, g := range q.in {
		terms = each(terms, func(t term) []term { return t.meet(g) })
	}
	return terms
}

func each(terms []term, f func(term) []term) []term {
	var all []term
	for _, t := range terms {
		all = append(all, f(t)...)
	}
	return all
}

// without takes regions away from terms. A region under a condition can be
// relied on only where the term stands under the same.
func without(terms []term, lists ...[]region) []term {
	for _, list := range lists {
		for _, r := range list {
			terms = each(terms, func(t term) []term { return t.minus(r) })
		}
	}
	return slices.DeleteFunc(terms, term.empty)
}

// minus is what the region does not name, and what it excepts.
func (t term) minus(r region) []term {
	switch {
	case r.condition != "" && !slices.Contains(t.conditions, r.condition),
		slices.ContainsFunc(r.except, glob.varies),
		slices.ContainsFunc(r.in, t.apart):
		return []term{t}
	}
	var left []term
	for _, g := range r.in {
		if !slices.ContainsFunc(t.in, func(h glob) bool { return within(h, g) }) {
			rest := t
			rest.except = append(slices.Clone(t.except), g)
			left = append(left, rest)
		}
	}
	for _, x := range r.except {
		left = append(left, t.meet(x)...)
	}
	return left
}

// apart says that a term has nothing in common with a glob.
func (t term) apart(g glob) bool {
	return slices.ContainsFunc(t.in, func(h glob) bool { return disjoint(g, h) })
}

// empty is sure of it where it says so. Where captures stand in a term it is
// asked twice: once with captures that are like no text, and once with each glob
// that must match widened, and no help of those that must not.
func (t term) empty() bool {
	if !exists(t.in, t.except) {
		return true
	}
	var in []glob
	for _, g := range t.in {
		in = append(in, g.widened())
	}
	return !exists(in, slices.DeleteFunc(slices.Clone(t.except), glob.open))
}

// pruned leaves out exceptions that take nothing away, and terms that are part
// of others.
func pruned(terms []term) []term {
	for i := range terms {
		t := &terms[i]
		var except []glob
		for j, x := range t.except {
			if t.apart(x) {
				continue
			}
			part := slices.ContainsFunc(except, func(y glob) bool { return within(x, y) }) ||
				slices.ContainsFunc(t.except[j+1:], func(y glob) bool { return within(x, y) })
			if !part {
				except = append(except, x)
			}
		}
		t.except = except
	}
	var kept []term
	for i, t := range terms {
		part := func(o term) bool { return t.partOf(o) }
		if !slices.ContainsFunc(kept, part) && !slices.ContainsFunc(terms[i+1:], part) {
			kept = append(kept, t)
		}
	}
	return kept
}

// partOf is sure of it where it says so.
func (t term) partOf(o term) bool {
	for _, c := range o.conditions {
		if !slices.Contains(t.conditions, c) {
			return false
		}
	}
	for _, g := range o.in {
		if !slices.ContainsFunc(t.in, func(h glob) bool { return within(h, g) }) {
			return false
		}
	}
	for _, x := range o.except { // no resource of t is excepted there
		if !(term{in: append(slices.Clone(t.in), x), except: t.except}).empty() {
			return false
		}
	}
	return true
}
