package diff

import "slices"

// algebra reckons with regions. made are the names that stand for whatever a
// pattern captures: like variables, they may be equal to any other text.
type algebra struct{ made []glob }

// term is a part of what is gained: a glob without others, under conditions.
type term struct {
	include    glob
	except     []glob
	conditions []string
}

// gained is what is allowed after and was not before.
//
// With A for allowed and D for denied that is A' - D' - (A - D). For a region P
// of A' it is P - D' - A, and P and Q - D' for each Q of D. A region that was
// there before cancels the first, a Deny that is still there the second: so what
// has not changed is never compared with itself, whatever its conditions.
func (a *algebra) gained(s *sides) []term {
	var all []term
	for _, p := range s.allowedAfter {
		if !contains(s.allowedBefore, p) {
			all = append(all, a.without(termsOf(p), s.deniedAfter, s.allowedBefore)...)
		}
		for _, q := range s.deniedBefore {
			if !contains(s.deniedAfter, q) {
				all = append(all, a.without(a.both(p, q), s.deniedAfter)...)
			}
		}
	}
	return a.pruned(all)
}

func contains(list []region, r region) bool {
	return slices.ContainsFunc(list, func(o region) bool { return o.key == r.key })
}

func termsOf(p region) []term {
	return []term{{include: p.include, except: p.except, conditions: conditionsOf(p)}}
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
func (a *algebra) both(p, q region) []term {
	var all []term
	spared := slices.DeleteFunc(slices.Clone(q.except), a.open)
	for _, g := range a.intersect(p.include, q.include) {
		all = append(all, term{include: g, except: slices.Concat(p.except, spared), conditions: conditionsOf(p, q)})
	}
	return all
}

// without takes regions away from terms. A region under a condition can be
// relied on only where the term stands under the same.
func (a *algebra) without(terms []term, lists ...[]region) []term {
	for _, list := range lists {
		for _, r := range list {
			var left []term
			for _, t := range terms {
				left = append(left, a.minus(t, r)...)
			}
			terms = left
		}
	}
	return slices.DeleteFunc(terms, func(t term) bool { return !exists([]glob{t.include}, t.except) })
}

func (a *algebra) minus(t term, r region) []term {
	if r.condition != "" && !slices.Contains(t.conditions, r.condition) {
		return []term{t}
	}
	if slices.ContainsFunc(r.except, a.open) {
		return []term{t}
	}
	var left []term
	if !a.disjoint(t.include, r.include) {
		if within(t.include, r.include) {
			left = nil
		} else {
			rest := t
			rest.except = append(slices.Clone(t.except), r.include)
			left = append(left, rest)
		}
	} else {
		return []term{t}
	}
	// What the region excepts stays.
	for _, x := range r.except {
		for _, g := range a.intersect(t.include, x) {
			left = append(left, term{include: g, except: t.except, conditions: t.conditions})
		}
	}
	return left
}

// pruned leaves out exceptions that take nothing away, and terms that are part
// of others.
func (a *algebra) pruned(terms []term) []term {
	for i := range terms {
		t := &terms[i]
		var except []glob
		for j, x := range t.except {
			if a.disjoint(t.include, x) {
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
	if !within(t.include, o.include) {
		return false
	}
	for _, x := range o.except { // no resource of t is excepted there
		if exists([]glob{t.include, x}, t.except) {
			return false
		}
	}
	return true
}
