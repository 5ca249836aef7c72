package diff

import "slices"

// maxShapes bounds the globs that an intersection is made of.
const maxShapes = 64

// meet narrows a term to what a glob names too. It is exact, save where a policy
// variable would have to be compared with a text: then it is more.
func (t term) meet(g glob) []term {
	for _, h := range t.in {
		if within(h, g) {
			return []term{t}
		}
		if disjoint(h, g) {
			return nil
		}
	}
	for i, h := range t.in {
		switch {
		case within(g, h):
			return t.narrowed(i, g)
		case g.varies() || h.varies():
			if shapes, ok := intersect(h.widened(), g.widened()); ok {
				return t.narrowed(i, shapes...)
			}
			return []term{t}
		case !g.open() && !h.open():
			if shapes, ok := intersect(h, g); ok {
				return t.narrowed(i, shapes...)
			}
		}
	}
	// No glob says what two have in common where one holds a capture.
	return t.narrowed(len(t.in), g)
}

// narrowed puts each of some globs in place of the one at i.
func (t term) narrowed(i int, shapes ...glob) []term {
	var all []term
	for _, g := range shapes {
		n := t
		n.in = slices.Clone(t.in)
		if i < len(n.in) {
			n.in[i] = g
		} else {
			n.in = append(n.in, g)
		}
		all = append(all, n)
	}
	return all
}

// intersect returns the globs that together are what two globs have in common,
// or not ok where they are too many.
func intersect(g, h glob) (shapes []glob, ok bool) {
	x := crossing{a: g, b: h, known: map[[2]int][]glob{}}
	shapes = x.from(0, 0)
	if x.many {
		return nil, false
	}
	var kept []glob
	for i, shape := range shapes {
		if !exists([]glob{shape}, nil) {
			continue
		}
		covers := func(o glob) bool { return within(shape, o) }
		if !slices.ContainsFunc(shapes[i+1:], covers) && !slices.ContainsFunc(kept, covers) {
			kept = append(kept, shape)
		}
	}
	return kept, true
}

// crossing works through two globs side by side.
type crossing struct {
	a, b  glob
	known map[[2]int][]glob
	many  bool
}

// from is what a from i and b from j have in common.
func (x *crossing) from(i, j int) []glob {
	at := [2]int{i, j}
	if shapes, ok := x.known[at]; ok || x.many {
		return shapes
	}
	var shapes []glob
	add := func(head glob, tails []glob) {
		for _, tail := range tails {
			g := append(slices.Clone(head), tail...)
			if len(head) == 1 && head[0] == run && len(tail) > 0 && tail[0] == run {
				g = tail
			}
			if !slices.ContainsFunc(shapes, func(h glob) bool { return slices.Equal(g, h) }) {
				shapes = append(shapes, g)
			}
		}
	}
	aEnds, bEnds := i == len(x.a), j == len(x.b)
	switch {
	case aEnds && bEnds:
		shapes = []glob{{}}
	case !aEnds && x.a[i] == run && !bEnds && x.b[j] == run:
		add(glob{run}, x.from(i+1, j))
		add(glob{run}, x.from(i, j+1))
	case !aEnds && x.a[i] == run:
		add(nil, x.from(i+1, j))
		if !bEnds {
			add(x.b[j:j+1], x.from(i, j+1))
		}
	case !bEnds && x.b[j] == run:
		add(nil, x.from(i, j+1))
		if !aEnds {
			add(x.a[i:i+1], x.from(i+1, j))
		}
	case aEnds || bEnds:
	case x.a[i] == x.b[j], x.b[j] == one:
		add(x.a[i:i+1], x.from(i+1, j+1))
	case x.a[i] == one:
		add(x.b[j:j+1], x.from(i+1, j+1))
	}
	if len(shapes) > maxShapes {
		x.many = true
	}
	x.known[at] = shapes
	return shapes
}
