package diff

import "slices"

// maxShapes bounds the globs that an intersection is made of.
const maxShapes = 64

// intersect returns globs that together are what two globs have in common. Where
// variables would have to be compared with texts, or where it falls into too
// many globs, it is more than that.
func (a *algebra) intersect(g, h glob) []glob {
	switch {
	case within(h, g):
		return []glob{h}
	case within(g, h):
		return []glob{g}
	}
	if a.open(g) || a.open(h) {
		g, h = a.widened(g), a.widened(h)
	}
	x := crossing{a: g, b: h, known: map[[2]int][]glob{}}
	shapes := x.from(0, 0)
	if x.many {
		return []glob{g}
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
	return kept
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
