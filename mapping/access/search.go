package access

import (
	"encoding/binary"
	"slices"
)

// maxStates bounds a search. A set that needs more states counts as not empty, so that a gain is
// reported rather than missed. Only dozens of overlapping patterns with several wildcards each need so
// many states.
const maxStates = 20_000

// within returns true if every resource of g is a resource of h.
func within(g, h Pattern) bool { return !exists(AnyKind, []Pattern{g}, []Pattern{h}) }

// exists returns true if some resource of the kind matches every pattern of in and no pattern of out. It walks the
// product of the patterns' automata: a state is the set of positions in each pattern.
//
// An unknown text, such as a capture, is one letter of the word that is searched, at its position in
// the first pattern of in that holds an unknown text. For that pattern and for the patterns of out the
// letter equals no other text. The other patterns of in accept the letter for any text, and any text
// for their own letters. Therefore a set with unknown texts may count as not empty although it is.
func exists(kind Kind, in, out []Pattern) bool {
	for _, g := range out {
		if len(g) == 1 && g[0] == run {
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

// state is the positions in each pattern, and the stages that the resource may have reached.
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

type walker struct {
	patterns []Pattern
	in       int
	lead     int // the pattern of in whose unknown texts are letters; -1 if there is none
	letters  []symbol
	ends     stages // at which a resource may end
}

// alphabet sets letters to the symbols that a pattern distinguishes from others.
func (w *walker) alphabet() {
	seen := map[symbol]bool{'/': true, other: true}
	w.letters = []symbol{'/', other}
	for i, g := range w.patterns {
		for _, s := range g {
			if s != one && s != run && !seen[s] && (s < variable || i == w.lead) {
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

// closure adds the positions that are reached if a star stands for nothing.
func closure(g Pattern, positions []uint16) []uint16 {
	var all []uint16
	add := func(p uint16) {
		if len(all) == 0 || all[len(all)-1] < p {
			all = append(all, p)
		}
	}
	for _, p := range positions {
		for add(p); int(p) < len(g) && g[p] == run; {
			p++
			add(p)
		}
	}
	return all
}

// step reads one symbol. The state is dead if a pattern of in has no position left, or if a pattern of
// out matches whatever follows.
func (w *walker) step(s state, a symbol) (state, bool) {
	next := state{positions: make([][]uint16, len(w.patterns)), at: s.at.next(a)}
	for i, g := range w.patterns {
		positions := closure(g, advance(g, s.positions[i], a, i < w.in && i != w.lead))
		if i < w.in && len(positions) == 0 {
			return next, false
		}
		if i >= w.in && next.at.settled() && len(positions) > 0 && int(positions[len(positions)-1]) == len(g) && g[len(g)-1] == run {
			return next, false
		}
		next.positions[i] = positions
	}
	return next, true
}

// advance reads one symbol. A lenient pattern accepts an unknown text for any text, and any text for its
// own unknown text.
func advance(g Pattern, from []uint16, a symbol, lenient bool) []uint16 {
	if lenient && a >= variable {
		return skipped(g, from, a)
	}
	var positions []uint16
	for _, p := range from {
		switch {
		case int(p) == len(g):
		case g[p] == run:
			positions = appendPosition(positions, p)
		case g[p] == a, g[p] == one && a < variable:
			positions = appendPosition(positions, p+1)
		case lenient && mayHold(g[p], a):
			positions = appendPosition(appendPosition(positions, p), p+1)
		}
	}
	return positions
}

// skipped returns the positions after every text that the unknown text could be.
func skipped(g Pattern, from []uint16, text symbol) []uint16 {
	var positions []uint16
	for _, p := range from {
	forward:
		for ; int(p) < len(g); p++ {
			switch s := g[p]; {
			case s == run:
				positions = appendPosition(positions, p)
			case s >= variable:
				positions = appendPosition(appendPosition(positions, p), p+1)
			case s != one && !mayHold(text, s):
				break forward
			default:
				positions = appendPosition(positions, p+1)
			}
		}
	}
	return positions
}

// mayHold returns true if the unknown text may contain the byte. A captured text has no slash.
func mayHold(text, b symbol) bool { return text >= variable && (text < capture || b != '/') }

// appendPosition keeps the positions sorted and unique.
func appendPosition(positions []uint16, p uint16) []uint16 {
	if n := len(positions); n > 0 && positions[n-1] >= p {
		if positions[n-1] == p {
			return positions
		}
		for i, q := range positions {
			if q == p {
				return positions
			}
			if q > p {
				positions = append(positions, 0)
				copy(positions[i+1:], positions[i:])
				positions[i] = p
				return positions
			}
		}
	}
	return append(positions, p)
}

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
