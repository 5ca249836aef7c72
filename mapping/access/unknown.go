package access

import (
	"slices"
	"strings"
)

// Unknown names an unknown text of a pattern: a policy variable, or the placeholder of a capture. Exactly one
// of the members is set.
type Unknown struct {
	Variable    string // the key, such as "jwt:sub"
	Placeholder string
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

// Values returns the texts that the unknown u of the pattern h may be, so that h and g have a resource in
// common. Each text is a pattern. If no pattern of the result holds a wildcard, the list is complete.
//
// For example, h = team-${jwt:sub}/* and g = team-bob/x give the text bob for jwt:sub.
//
// The unknown stands between a first and a last part of h. The first part matches g up to some positions. The
// last part matches g from some positions to the end. Each part of g between two such positions is a text.
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

// reached returns the positions of g up to which g can match some text of the pattern word.
func reached(g, word Pattern) []int {
	positions := closure(g, []uint16{0})
	for _, s := range word {
		switch s {
		case star: // any text: every position from the first on
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
				case g[p] == star:
					next = appendPosition(next, p)
				case g[p] == s, g[p] == questionMark, s == questionMark:
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

// Literal returns the text of the pattern. ok is false if the pattern has a wildcard or an unknown text.
func (g Pattern) Literal() (text string, ok bool) {
	var b strings.Builder
	for _, s := range g {
		if s >= questionMark {
			return "", false
		}
		b.WriteByte(byte(s))
	}
	return b.String(), true
}

// Instance returns a text that the pattern matches, with text in place of each * and x in place of
// each question mark.
func (g Pattern) Instance(text string) string {
	var b strings.Builder
	for _, s := range g {
		switch {
		case s == star:
			b.WriteString(text)
		case s == questionMark:
			b.WriteByte('x')
		case s < questionMark:
			b.WriteByte(byte(s))
		}
	}
	return b.String()
}

// with returns the pattern with the values of policy variables in place of the variables. ok is false if a
// variable has no value.
func (g Pattern) with(value func(key string) (string, bool)) (p Pattern, ok bool) {
	if !g.hasVariable() {
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
