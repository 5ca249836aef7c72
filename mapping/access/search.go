package access

import (
	"encoding/binary"
	"slices"
)

// maxStates is the largest number of states of a search. A set that needs more states counts as not empty, so
// that a gain is reported and not missed. Only dozens of overlapping patterns with several wildcards each need
// so many states.
const maxStates = 20_000

// within returns true if every resource of g is a resource of h.
func within(g, h Pattern) bool { return !exists(AnyKind, []Pattern{g}, []Pattern{h}) }

// exists returns true if some resource of the kind matches every pattern of in and no pattern of out. exists
// searches the product of the patterns' automata: a state is the set of positions in each pattern.
//
// An unknown text, such as a capture, is one letter of the resource that is searched. Its place is the one in
// the leading pattern: the first pattern of in that holds an unknown text. For the leading pattern and for the
// patterns of out, the letter differs from every other text. The other patterns of in accept the letter in
// place of any text, and any text in place of their own unknown texts. Therefore exists may return true for a
// set with unknown texts that is empty.
func exists(kind Kind, in, out []Pattern) bool {
	for _, g := range out {
		if len(g) == 1 && g[0] == star {
			return false
		}
	}
	w := walker{patterns: append(append([]Pattern(nil), in...), out...), in: len(in), lead: slices.IndexFunc(in, Pattern.Open), ends: kind.accepts()}
	w.alphabet()
	start := w.start()
	seen := map[string]bool{start.Key(): true}
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
			if k := next.Key(); !seen[k] {
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

// state is the positions that are reached in each pattern, and the stages of the resource.
type state struct {
	positions [][]uint16
	at        stages
}

func (s state) Key() string {
	var b []byte
	for _, positions := range s.positions {
		b = append(b, byte(len(positions)), byte(len(positions)>>8))
		for _, p := range positions {
			b = binary.LittleEndian.AppendUint16(b, p)
		}
	}
	return string(append(b, byte(s.at)))
}

// walker searches the product automaton of patterns.
type walker struct {
	patterns []Pattern // the patterns of in, then those of out
	in       int       // the number of patterns of in
	lead     int       // the index of the leading pattern; -1 if there is none
	letters  []symbol
	ends     stages // the stages at which a resource may end
}

// alphabet sets letters: the bytes that a pattern names, the unknown texts of the leading pattern, and other
// for all other bytes.
func (w *walker) alphabet() {
	seen := map[symbol]bool{'/': true, other: true}
	w.letters = []symbol{'/', other}
	for i, g := range w.patterns {
		for _, s := range g {
			if s != questionMark && s != star && !seen[s] && (s < variable || i == w.lead) {
				seen[s] = true
				w.letters = append(w.letters, s)
			}
		}
	}
}

func (w *walker) start() state {
	s := state{positions: make([][]uint16, len(w.patterns)), at: atStart}
	for i, g := range w.patterns {
		s.positions[i] = closure(g, []uint16{0})
	}
	return s
}

// closure adds the positions that are reached if a star matches the empty text. The result is sorted.
func closure(g Pattern, positions []uint16) []uint16 {
	var all []uint16
	for _, p := range positions {
		for all = appendPosition(all, p); int(p) < len(g) && g[p] == star; all = appendPosition(all, p) {
			p++
		}
	}
	return all
}

// step reads one symbol. The second result is false if no accepted resource can follow: a pattern of in has no
// position left, or a pattern of out matches whatever follows.
func (w *walker) step(s state, a symbol) (state, bool) {
	next := state{positions: make([][]uint16, len(w.patterns)), at: s.at.next(a)}
	for i, g := range w.patterns {
		positions := closure(g, advance(g, s.positions[i], a, i < w.in && i != w.lead))
		if i < w.in && len(positions) == 0 {
			return next, false
		}
		if i >= w.in && len(positions) > 0 && int(positions[len(positions)-1]) == len(g) && g[len(g)-1] == star {
			return next, false
		}
		next.positions[i] = positions
	}
	return next, true
}

// advance returns the positions of g after the symbol. A lenient pattern accepts an unknown text in place of
// any text, and any text in place of its own unknown text.
func advance(g Pattern, from []uint16, a symbol, lenient bool) []uint16 {
	if lenient && a >= variable {
		return afterUnknown(g, from, a)
	}
	var positions []uint16
	for _, p := range from {
		switch {
		case int(p) == len(g):
		case g[p] == star:
			positions = appendPosition(positions, p)
		case g[p] == a, g[p] == questionMark && a < variable:
			positions = appendPosition(positions, p+1)
		case lenient && mayContain(g[p], a):
			positions = appendPosition(appendPosition(positions, p), p+1)
		}
	}
	return positions
}

// afterUnknown returns the positions of g after each text that the unknown text could be.
func afterUnknown(g Pattern, from []uint16, text symbol) []uint16 {
	var positions []uint16
	for _, p := range from {
	forward:
		for ; int(p) < len(g); p++ {
			switch s := g[p]; {
			case s == star:
				positions = appendPosition(positions, p)
			case s >= variable:
				positions = appendPosition(appendPosition(positions, p), p+1)
			case s != questionMark && !mayContain(text, s):
				break forward
			default:
				positions = appendPosition(positions, p+1)
			}
		}
	}
	return positions
}

// mayContain returns true if the unknown text may contain the byte. A captured text has no slash.
func mayContain(text, b symbol) bool { return text >= variable && (text < capture || b != '/') }

// appendPosition adds a position and keeps the list sorted, each position once.
func appendPosition(positions []uint16, p uint16) []uint16 {
	at, found := slices.BinarySearch(positions, p)
	if found {
		return positions
	}
	return slices.Insert(positions, at, p)
}

// accepts returns true if every pattern of in and no pattern of out matches the resource that ends here.
func (w *walker) accepts(s state) bool {
	if s.at&w.ends == 0 {
		return false
	}
	for i, g := range w.patterns {
		positions := s.positions[i]
		ends := len(positions) > 0 && int(positions[len(positions)-1]) == len(g)
		if ends != (i < w.in) {
			return false
		}
	}
	return true
}
