package access

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping"
)

// Sample is a resource to try: the answer for the resource is the answer for others like it.
type Sample struct {
	Bucket, Object string
	Allow          string // from Permitted: Chance.Allow of the region that allows the resource
	Free           bool   // from Permitted: no Deny applies to the resource, under any condition
}

// Samples are resources to try for an action. If Sure is true, they stand for all resources.
type Samples struct {
	List []Sample
	Sure bool
}

// add adds up to two resources of the term: a shortest one whose bucket has at least three bytes, and a
// shortest one.
func (s *Samples) add(t Term, allow string, free bool) {
	for _, in := range [][]Pattern{append(slices.Clone(t.In), likelyBucket), t.In} {
		text, found, sure := shortest(t.Kind, in, t.Except)
		s.Sure = s.Sure && (found || sure)
		if !found {
			continue
		}
		bucket, object, _ := strings.Cut(text, "/")
		sample := Sample{bucket, object, allow, free}
		if !slices.Contains(s.List, sample) {
			s.List = append(s.List, sample)
		}
	}
}

// Value returns the value of the policy variable key for one holder. ok is false if the variable is not set.
type Value func(key string) (text string, ok bool)

// Permitted returns resources of the region on which a holder may be allowed the action. The holder is a real
// identity, and value returns the values of the holder's policy variables.
//
// A resource to which no Deny applies stands for every resource that the same region allows: if one of them is
// allowed, this one is. If there is no such resource, a Deny with a condition applies to each one. Then a
// sample stands for the others only if there is a single such Deny.
func (r *Reader) Permitted(g *mapping.Grants, action string, on Region, value Value) Samples {
	samples := Samples{Sure: true}
	kind := KindOf(action)
	on = regionFor(action, on)
	allows, denies := r.concrete(g, action, value)
	var strict, plain []Region // what is denied if every condition of a Deny holds, and if none holds
	conditional := 0
	for _, q := range denies {
		strict = append(strict, NewRegion(q.In, q.Except, ""))
		if q.Condition == "" {
			plain = append(plain, q.Region)
		} else {
			conditional++
		}
	}
	for _, p := range allows {
		terms := TermsOf(kind, NewRegion(p.In, p.Except, ""))
		for _, g := range on.In {
			terms = flatMap(terms, func(t Term) []Term { return t.meet(g) })
		}
		before := len(samples.List)
		for _, t := range Without(terms, strict) {
			samples.add(t, p.allow, true)
		}
		if len(samples.List) > before {
			continue
		}
		for _, t := range Without(terms, plain) {
			samples.add(t, p.allow, false)
		}
		samples.Sure = samples.Sure && (len(samples.List) == before || conditional == 1)
	}
	return samples
}

// Refused returns resources of the region on which a holder may be denied the action: no Allow without a
// condition covers the resource, or a Deny may apply. The holder is a real identity, as for Permitted.
func (r *Reader) Refused(g *mapping.Grants, action string, on Region, value Value) Samples {
	samples := Samples{Sure: true}
	kind := KindOf(action)
	on = regionFor(action, on)
	allows, denies := r.concrete(g, action, value)
	var all, sure []Region // what is allowed if every condition holds, and if none holds
	for _, p := range allows {
		all = append(all, NewRegion(p.In, p.Except, ""))
		if p.Condition == "" {
			sure = append(sure, p.Region)
		}
	}
	terms := TermsOf(kind, on)
	for _, t := range Without(terms, all) {
		samples.add(t, "", false)
	}
	if len(samples.List) == 0 && len(sure) < len(all) {
		for _, t := range Without(terms, sure) {
			samples.add(t, "", false)
		}
		samples.Sure = samples.Sure && (len(samples.List) == 0 || len(all)-len(sure) == 1)
	}
	for _, q := range denies {
		for _, t := range Both(kind, on, q.Region) {
			if !t.Empty() {
				samples.add(t, "", false)
			}
		}
	}
	return samples
}

// concreteRegion is a region of a statement, with values in place of policy variables.
type concreteRegion struct {
	Region
	allow string // Chance.Allow; empty for a Deny
}

// concrete returns the regions of the statements that cover the action, with values in place of policy
// variables. An Allow with a variable that is not set allows nothing. A Deny with a variable that is not set
// denies every text that the variable could be, and spares no exception that holds the variable.
func (r *Reader) concrete(g *mapping.Grants, action string, value Value) (allows, denies []concreteRegion) {
	add := func(list []mapping.Granted, guard bool) {
		for _, h := range list {
			for i, s := range r.Statements(h) {
				if guard && !s.Deny || !s.Covers(action) {
					continue
				}
				for n, p := range s.Regions {
					if q, ok := p.with(value, s.Deny); ok && s.Deny {
						denies = append(denies, concreteRegion{q, ""})
					} else if ok {
						allows = append(allows, concreteRegion{q, allowKey(h, i, n)})
					}
				}
			}
		}
	}
	add(g.Granted(), false)
	add(g.Guards(), true)
	return allows, denies
}

// with returns the region with values in place of policy variables. ok is false if the region is empty: an Allow has a
// variable without a value in its Resource, or the resource of the region names no bucket.
func (r Region) with(value Value, deny bool) (q Region, ok bool) {
	if !slices.ContainsFunc(r.In, Pattern.hasVariable) && !slices.ContainsFunc(r.Except, Pattern.hasVariable) {
		return r, true
	}
	var in, except []Pattern
	for _, g := range r.In {
		switch bound, ok := g.with(value); {
		case ok && g.onlyBucket() && slices.Index(bound, '/') < len(bound)-1:
			return q, false // the value has a slash, so the resource names no bucket
		case ok:
			in = append(in, bound)
		case !deny:
			return q, false
		default:
			in = append(in, g.widened())
		}
	}
	for _, g := range r.Except {
		switch bound, ok := g.with(value); {
		case ok && g.onlyBucket() && slices.Index(bound, '/') < len(bound)-1: // excepts no bucket
		case ok:
			except = append(except, bound)
		case !deny:
			except = append(except, g.widened())
		}
	}
	return NewRegion(in, except, r.Condition), true
}

// Test is one operator of a condition on one key: "StringLike": {"aws:username": ["a*", "b*"]}.
type Test struct {
	Operator string // with the qualifier, such as ForAnyValue:StringEquals
	Key      string
	Values   []string
}

// Tests returns the tests in the conditions of the statements that cover the action and may apply to the
// region.
func (r *Reader) Tests(g *mapping.Grants, action string, on Region) []Test {
	var all []Test
	on = regionFor(action, on)
	meets := func(p Region) bool {
		return slices.ContainsFunc(Both(KindOf(action), p, on), func(t Term) bool { return !t.Empty() })
	}
	add := func(list []mapping.Granted, guard bool) {
		for _, h := range list {
			conditions := h.Conditions()
			for i, s := range r.Statements(h) {
				if conditions[i] == "" || guard && !s.Deny || !s.Covers(action) {
					continue
				}
				if slices.ContainsFunc(s.Regions, meets) {
					all = append(all, tests(conditions[i])...)
				}
			}
		}
	}
	add(g.Granted(), false)
	add(g.Guards(), true)
	return all
}

// tests parses a condition: {"Operator":{"key":"value"}} or {"Operator":{"key":["value"]}}.
func tests(condition string) []Test {
	var read map[string]map[string]any
	decoder := json.NewDecoder(strings.NewReader(condition))
	decoder.UseNumber() // a float64 does not hold every number
	if condition == "" || decoder.Decode(&read) != nil {
		return nil
	}
	var all []Test
	for operator, keys := range read {
		for key, values := range keys {
			t := Test{Operator: operator, Key: key}
			list, many := values.([]any)
			if !many {
				list = []any{values}
			}
			for _, v := range list {
				if text, ok := v.(string); ok {
					t.Values = append(t.Values, text)
				} else if text, err := json.Marshal(v); err == nil {
					t.Values = append(t.Values, string(text))
				}
			}
			all = append(all, t)
		}
	}
	slices.SortFunc(all, func(a, b Test) int { return strings.Compare(a.Operator+a.Key, b.Operator+b.Key) })
	return all
}
