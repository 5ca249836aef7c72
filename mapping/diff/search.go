package diff

import (
	"encoding/binary"
	"slices"
)

// maxStates bounds a search. Beyond it a set counts as not empty, so that a
// gain is rather reported than missed. Only dozens of patterns with several
// wildcards each, all overlapping, come near it.
const maxStates = 20_000

// within reports whether every resource of g is one of h.
func within(g, h glob) bool { return !exists([]glob{g}, []glob{h}) }

// exists reports whether some resource is in all of in and in none of out. It
// walks the product of the globs' automata: a state is the set of places each
// glob may have come to.
//
// A text that nobody knows, such as a capture, is one letter of the word that is
// looked for where the first glob that holds one has it. To that glob and to
// those of out it is like no other text; the other globs of in may take it for
// any text, and any text for theirs. So where texts are unknown a set counts
// rather as not empty.
func exists(in, out []glob) bool {
	for _, g := range out {
		if len(g) == 1 && g[0] == run {
			return false
		}
	}
	w := walker{globs: append(append([]glob(nil), in...), out...), in: len(in), lead: slices.IndexFunc(in, glob.open)}
	w.alphabet()
	start := w.start()
	seen := map[string]bool{start.key(): true}
	queue := []state{start}
	for len(queue) > 0 {
		s := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if w.accepts(s) {
			return true
		}
		for _, a := range w.letters {
			next, alive := w.step(s, a)
			if !alive {
				continue
			}
			if k := next.key(); !seen[k] {
				if len(seen) >= maxStates {
					return true
				}
				seen[k] = true
				queue = append(queue, next)
			}
		}
	}
	return false
}

// state is the places of each glob, and whether the slash after the bucket has
// been passed: a resource has one.
type state struct {
	places [][]uint16
	slash  bool
}

func (s state) key() string {
	var b []byte
	for _, places := range s.places {
		b = append(b, byte(len(places)), byte(len(places)>>8))
		for _, p := range places {
			b = binary.LittleEndian.AppendUint16(b, p)
		}
	}
	if s.slash {
		b = append(b, 1)
	}
	return string(b)
}

type walker struct {
	globs   []glob
	in      int
	lead    int // the glob of in whose unknown texts are letters; -1 for none
	letters []sym
}

// alphabet is the symbols that some glob tells apart from others.
func (w *walker) alphabet() {
	seen := map[sym]bool{'/': true, other: true}
	w.letters = []sym{'/', other}
	for i, g := range w.globs {
		for _, s := range g {
			if s != one && s != run && !seen[s] && (s < variable || i == w.lead) {
				seen[s] = true
				w.letters = append(w.letters, s)
			}
		}
	}
}

func (w *walker) start() state {
	s := state{places: make([][]uint16, len(w.globs))}
	for i, g := range w.globs {
		s.places[i] = closure(g, []uint16{0})
	}
	return s
}

// closure adds the places that are reached by letting a star be empty.
func closure(g glob, places []uint16) []uint16 {
	var all []uint16
	add := func(p uint16) {
		if len(all) == 0 || all[len(all)-1] < p {
			all = append(all, p)
		}
	}
	for _, p := range places {
		for add(p); int(p) < len(g) && g[p] == run; {
			p++
			add(p)
		}
	}
	return all
}

// step reads one symbol. The state is dead where a glob of in has no place left,
// or one of out will match whatever follows.
func (w *walker) step(s state, a sym) (state, bool) {
	next := state{places: make([][]uint16, len(w.globs)), slash: s.slash || a == '/' || a >= variable && a < capture}
	for i, g := range w.globs {
		places := closure(g, advance(g, s.places[i], a, i < w.in && i != w.lead))
		if i < w.in && len(places) == 0 {
			return next, false
		}
		if i >= w.in && next.slash && len(places) > 0 && int(places[len(places)-1]) == len(g) && g[len(g)-1] == run {
			return next, false
		}
		next.places[i] = places
	}
	return next, true
}

// advance reads one symbol. A lenient glob takes an unknown text for any, and
// any for its own.
func advance(g glob, from []uint16, a sym, lenient bool) []uint16 {
	if lenient && a >= variable {
		return skipped(g, from, a)
	}
	var places []uint16
	for _, p := range from {
		switch {
		case int(p) == len(g):
		case g[p] == run:
			places = appendPlace(places, p)
		case g[p] == a, g[p] == one && a < variable:
			places = appendPlace(places, p+1)
		case lenient && mayHold(g[p], a):
			places = appendPlace(appendPlace(places, p), p+1)
		}
	}
	return places
}

// skipped are the places after some text that could be the unknown one.
func skipped(g glob, from []uint16, text sym) []uint16 {
	var places []uint16
	for _, p := range from {
	forward:
		for ; int(p) < len(g); p++ {
			switch s := g[p]; {
			case s == run:
				places = appendPlace(places, p)
			case s >= variable:
				places = appendPlace(appendPlace(places, p), p+1)
			case s != one && !mayHold(text, s):
				break forward
			default:
				places = appendPlace(places, p+1)
			}
		}
	}
	return places
}

// mayHold says whether an unknown text may have a byte in it: what a pattern
// captures has no slash.
func mayHold(text, b sym) bool { return text >= variable && (text < capture || b != '/') }

// appendPlace keeps the places in order and each once.
func appendPlace(places []uint16, p uint16) []uint16 {
	if n := len(places); n > 0 && places[n-1] >= p {
		if places[n-1] == p {
			return places
		}
		for i, q := range places {
			if q == p {
				return places
			}
			if q > p {
				places = append(places, 0)
				copy(places[i+1:], places[i:])
				places[i] = p
				return places
			}
		}
	}
	return append(places, p)
}

func (w *walker) accepts(s state) bool {
	if !s.slash {
		return false
	}
	for i, g := range w.globs {
		places := s.places[i]
		ends := len(places) > 0 && int(places[len(places)-1]) == len(g)
		if ends != (i < w.in) {
			return false
		}
	}
	return true
}
