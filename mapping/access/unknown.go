package access

import (
	"slices"
	"strings"
)

// Unknown is the name of a text that a pattern does not say: a policy variable's key, or a placeholder.
type Unknown struct {
	Variable    string // the key of a policy variable; empty for a capture
	Placeholder string // of a capture
}

// Unknowns returns the unknown texts of a pattern, each once.
func (r *Reader) Unknowns(g Pattern) []Unknown {
	var all []Unknown
	for _, s := range g {
		if s < variable {
			continue
		}
		if u := r.unknown(s); !slices.Contains(all, u) {
			all = append(all, u)
		}
	}
	return all
}

func (r *Reader) unknown(s symbol) Unknown {
	if s >= capture {
		return Unknown{Placeholder: r.placeholders[s-capture]}
	}
	return Unknown{Variable: variables.key(s - variable)}
}

// Values returns the texts that an unknown of the pattern h may be, so that h and g have a resource in
// common. Each text is a pattern. If none of the patterns holds a wildcard, the list is complete.
//
// The unknown stands between two parts of h. The first part leads to some positions of g, and the last
// part leads from some positions of g to the end. What lies between two such positions is a text.
func (r *Reader) Values(h, g Pattern, u Unknown) []Pattern {
	at := slices.IndexFunc(h, func(s symbol) bool { return s >= variable && r.unknown(s) == u })
	if at < 0 || g.Open() {
		return []Pattern{everything}
	}
	starts := reached(g, h[:at].widened())
	reversed := func(p Pattern) Pattern { p = slices.Clone(p); slices.Reverse(p); return p }
	var ends []int
	for _, n := range reached(reversed(g), reversed(h[at+1:].widened())) {
		ends = append(ends, len(g)-n)
	}
	var all []Pattern
	for _, i := range starts {
		for _, j := range ends {
			if i > j || u.Placeholder != "" && slices.Contains(g[i:j], '/') { // a captured text has no slash
				continue
			}
			text := g[i:j]
			if !slices.ContainsFunc(all, func(o Pattern) bool { return slices.Equal(o, text) }) {
				all = append(all, text)
			}
		}
	}
	return all
}

// reached returns the positions of g that some word of the pattern leads to.
func reached(g, word Pattern) []int {
	positions := closure(g, []uint16{0})
	for _, s := range word {
		switch s {
		case run: // any word: every position further on
			first := positions[0]
			positions = nil
			for p := int(first); p <= len(g); p++ {
				positions = append(positions, uint16(p))
			}
		default:
			var next []uint16
			for _, p := range positions {
				switch {
				case int(p) == len(g):
				case g[p] == run:
					next = appendPosition(next, p)
				case g[p] == s, g[p] == one, s == one:
					next = appendPosition(next, p+1)
				}
			}
			positions = closure(g, next)
		}
		if len(positions) == 0 {
			return nil
		}
	}
	all := make([]int, len(positions))
	for i, p := range positions {
		all[i] = int(p)
	}
	return all
}

// Literal returns the text of a pattern without wildcards. ok is false for another pattern.
func (g Pattern) Literal() (text string, ok bool) {
	var b strings.Builder
	for _, s := range g {
		if s >= one {
			return "", false
		}
		b.WriteByte(byte(s))
	}
	return b.String(), true
}

// Instance returns a text that the pattern matches: each star stands for the text star, and each question
// mark for x.
func (g Pattern) Instance(star string) string {
	var b strings.Builder
	for _, s := range g {
		switch {
		case s == run:
			b.WriteString(star)
		case s == one:
			b.WriteByte('x')
		case s < one:
			b.WriteByte(byte(s))
		}
	}
	return b.String()
}

// with returns the pattern with texts in place of policy variables. ok is false if a variable has no text.
func (g Pattern) with(value func(key string) (string, bool)) (p Pattern, ok bool) {
	if !g.varies() {
		return g, true
	}
	for _, s := range g {
		if s < variable || s >= capture {
			p = append(p, s)
			continue
		}
		text, ok := value(variables.key(s - variable))
		if !ok {
			return nil, false
		}
		for i := range len(text) {
			p = append(p, symbol(text[i]))
		}
	}
	return p, true
}
