package access

import "slices"

// maxShapes is the largest number of patterns of an intersection.
const maxShapes = 64

// meet returns the part of the term that also matches the pattern, as terms. The result is exact, except if a
// policy variable must be compared with a text: then the result may hold too much.
func (t Term) meet(g Pattern) []Term {
	if slices.ContainsFunc(t.In, func(h Pattern) bool { return prefixesDiffer(h, g) }) {
		return nil
	}
	for _, h := range t.In {
		if within(h, g) {
			return []Term{t}
		}
		if disjoint(h, g) {
			return nil
		}
	}
	for i, h := range t.In {
		switch {
		case within(g, h):
			return t.narrowed(i, g)
		case !g.Open() && !h.Open():
			if shapes, ok := intersect(h, g); ok {
				return t.narrowed(i, shapes...)
			}
		}
	}
	// If one of two patterns holds an unknown text, no pattern is their intersection. The term keeps both.
	return t.narrowed(len(t.In), g)
}

// narrowed returns a term for each pattern of shapes, with that pattern in place of the one at i.
func (t Term) narrowed(i int, shapes ...Pattern) []Term {
	var all []Term
	for _, g := range shapes {
		n := t
		n.In = slices.Clone(t.In)
		if i < len(n.In) {
			n.In[i] = g
		} else {
			n.In = append(n.In, g)
		}
		all = append(all, n)
	}
	return all
}

// intersect returns patterns whose union is the intersection of the two patterns. For example, a* and *b have
// the intersection a*b, and *a and a* have the intersection a and a*a. ok is false if there are more than
// maxShapes patterns.
func intersect(g, h Pattern) (shapes []Pattern, ok bool) {
	x := intersection{a: g, b: h, known: map[[2]int][]Pattern{}}
	shapes = x.from(0, 0)
	if x.many {
		return nil, false
	}
	var kept []Pattern
	for i, shape := range shapes {
		if !exists(AnyKind, []Pattern{shape}, nil) {
			continue
		}
		covers := func(o Pattern) bool { return within(shape, o) }
		if !slices.ContainsFunc(shapes[i+1:], covers) && !slices.ContainsFunc(kept, covers) {
			kept = append(kept, shape)
		}
	}
	return kept, true
}

// intersection computes the intersection of two patterns. known keeps the results of from.
type intersection struct {
	a, b  Pattern
	known map[[2]int][]Pattern
	many  bool
}

// from returns the intersection of a[i:] and b[j:].
func (x *intersection) from(i, j int) []Pattern {
	at := [2]int{i, j}
	if shapes, ok := x.known[at]; ok || x.many {
		return shapes
	}
	var shapes []Pattern
	add := func(head Pattern, tails []Pattern) {
		for _, tail := range tails {
			g := append(slices.Clone(head), tail...)
			if len(head) == 1 && head[0] == star && len(tail) > 0 && tail[0] == star {
				g = tail
			}
			if !slices.ContainsFunc(shapes, func(h Pattern) bool { return slices.Equal(g, h) }) {
				shapes = append(shapes, g)
			}
		}
	}
	aEnds, bEnds := i == len(x.a), j == len(x.b)
	switch {
	case aEnds && bEnds:
		shapes = []Pattern{{}}
	case !aEnds && x.a[i] == star && !bEnds && x.b[j] == star:
		add(Pattern{star}, x.from(i+1, j))
		add(Pattern{star}, x.from(i, j+1))
	case !aEnds && x.a[i] == star:
		add(nil, x.from(i+1, j))
		if !bEnds {
			add(x.b[j:j+1], x.from(i, j+1))
		}
	case !bEnds && x.b[j] == star:
		add(nil, x.from(i, j+1))
		if !aEnds {
			add(x.a[i:i+1], x.from(i+1, j))
		}
	case aEnds || bEnds:
	case x.a[i] == x.b[j], x.b[j] == questionMark:
		add(x.a[i:i+1], x.from(i+1, j+1))
	case x.a[i] == questionMark:
		add(x.b[j:j+1], x.from(i+1, j+1))
	}
	if len(shapes) > maxShapes {
		x.many = true
	}
	x.known[at] = shapes
	return shapes
}
