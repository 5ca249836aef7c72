package access

import "slices"

// Term is a set of resources under conditions: the resources of the kind that match every pattern of In and no
// pattern of Except, if every condition holds. A Term begins as the Region of an Allow. Taking a Deny away adds
// to Except.
//
// For example, the Allow on reports/* without the Deny on reports/closed/* is the Term with In reports/* and
// Except reports/closed/*.
type Term struct {
	In, Except []Pattern
	Conditions []string
	Kind       Kind   // the kind of the action
	Allowed    string // the key of the Region that allows the resources
}

// TermsOf returns the resources of the region that are of the kind, as terms.
func TermsOf(kind Kind, p Region) []Term {
	return []Term{{In: p.In, Except: p.Except, Conditions: conditionsOf(p), Kind: kind, Allowed: p.key}}
}

func conditionsOf(regions ...Region) []string {
	var all []string
	for _, r := range regions {
		if r.Condition != "" {
			all = append(all, r.Condition)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Both returns the resources of the kind that are in the allowed region p and in the denied region q. Both
// ignores the exceptions of q that have a policy variable: if the variable is not set, the Deny applies to the
// exception, too.
func Both(kind Kind, p, q Region) []Term {
	terms := []Term{{
		In: p.In, Except: slices.Concat(p.Except, slices.DeleteFunc(slices.Clone(q.Except), Pattern.hasVariable)), Conditions: conditionsOf(p, q), Kind: kind, Allowed: p.key,
	}}
	for _, g := range q.In {
		terms = flatMap(terms, func(t Term) []Term { return t.meet(g) })
	}
	return terms
}

func flatMap(terms []Term, f func(Term) []Term) []Term {
	var all []Term
	for _, t := range terms {
		all = append(all, f(t)...)
	}
	return all
}

// Without returns the terms without the resources of the regions. A region with a condition is taken away only
// from a term with the same condition, and a region that excepts a policy variable is not taken away.
func Without(terms []Term, lists ...[]Region) []Term {
	for _, list := range lists {
		for _, r := range list {
			terms = flatMap(terms, func(t Term) []Term { return t.minus(r) })
		}
	}
	return slices.DeleteFunc(slices.Clone(terms), Term.Empty)
}

// minus returns the term without the region, as terms: the part outside of the region, and the part that the
// region excepts. If it is not sure what the region takes away, minus returns the whole term.
func (t Term) minus(r Region) []Term {
	switch {
	case r.Condition != "" && !slices.Contains(t.Conditions, r.Condition),
		slices.ContainsFunc(r.Except, Pattern.hasVariable),
		slices.ContainsFunc(r.In, t.disjointFrom), namesBucket(t.Kind, r.In):
		return []Term{t}
	}
	var left []Term
	for _, g := range r.In {
		if !slices.ContainsFunc(t.In, func(h Pattern) bool { return within(h, g) }) {
			rest := t
			rest.Except = append(slices.Clone(t.Except), g)
			left = append(left, rest)
		}
	}
	for _, x := range r.Except {
		left = append(left, t.meet(x)...)
	}
	return left
}

// disjointFrom returns true if the term surely has nothing in common with the pattern.
func (t Term) disjointFrom(g Pattern) bool {
	return slices.ContainsFunc(t.In, func(h Pattern) bool { return disjoint(g, h) })
}

// Empty returns true if surely no resource is in the term. Empty searches twice, and each search may find too
// much, so one search that finds nothing is enough. The first search reads unknown texts as exists does. The
// second search takes any text for an unknown text of In, and leaves out the exceptions with an unknown text.
func (t Term) Empty() bool {
	if namesBucket(t.Kind, t.In) || !exists(t.Kind, t.In, t.Except) {
		return true
	}
	var in []Pattern
	for _, g := range t.In {
		in = append(in, g.filled())
	}
	return !exists(t.Kind, in, slices.DeleteFunc(slices.Clone(t.Except), Pattern.Open))
}

// Pruned returns the terms without the exceptions that take nothing away, and without the terms that are part
// of another term. Pruned changes the terms of the list.
func Pruned(terms []Term) []Term {
	for i := range terms {
		t := &terms[i]
		var except []Pattern
		for j, x := range t.Except {
			if t.disjointFrom(x) {
				continue
			}
			part := slices.ContainsFunc(except, func(y Pattern) bool { return within(x, y) }) ||
				slices.ContainsFunc(t.Except[j+1:], func(y Pattern) bool { return within(x, y) })
			if !part {
				except = append(except, x)
			}
		}
		t.Except = except
	}
	var kept []Term
	for i, t := range terms {
		part := func(o Term) bool { return t.partOf(o) }
		if !slices.ContainsFunc(kept, part) && !slices.ContainsFunc(terms[i+1:], part) {
			kept = append(kept, t)
		}
	}
	return kept
}

// partOf returns true if the term is surely part of o.
func (t Term) partOf(o Term) bool {
	for _, c := range o.Conditions {
		if !slices.Contains(t.Conditions, c) {
			return false
		}
	}
	for _, g := range o.In {
		if !slices.ContainsFunc(t.In, func(h Pattern) bool { return within(h, g) }) {
			return false
		}
	}
	for _, x := range o.Except { // the exception must take nothing of t away
		if !(Term{In: append(slices.Clone(t.In), x), Except: t.Except, Kind: t.Kind}).Empty() {
			return false
		}
	}
	return true
}
