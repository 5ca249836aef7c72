package policy

import "strings"

// An op is one step of a wildcard pattern: a byte below 256, or one of the two
// wildcards. Keeping them apart from bytes is what lets the value of a variable
// hold a "*" without becoming one.
type op uint16

const (
	anyByte op = 256 + iota // ? matches one byte, as in MinIO, not one character
	anyRun                  // * matches any number of bytes, "/" among them
)

// Match reports whether text matches a pattern by the rules of Action and
// Resource: "*" is any run of bytes, slashes among them, "?" is one byte.
func Match(pattern, text string) bool { return matchOps(appendWild(nil, pattern), text) }

func appendWild(ops []op, pattern string) []op {
	for i := range len(pattern) {
		switch c := pattern[i]; c {
		case '*':
			if len(ops) > 0 && ops[len(ops)-1] == anyRun {
				continue // ** is *
			}
			ops = append(ops, anyRun)
		case '?':
			ops = append(ops, anyByte)
		default:
			ops = append(ops, op(c))
		}
	}
	return ops
}

func appendLiteral(ops []op, text string) []op {
	for i := range len(text) {
		ops = append(ops, op(text[i]))
	}
	return ops
}

// matchOps matches greedily and goes back to the last star only: what an
// earlier star has matched never needs to be looked at again, so there is no
// exponential case.
func matchOps(p []op, s string) bool {
	i, j := 0, 0
	star, from := -1, 0
	for j < len(s) {
		switch {
		case i < len(p) && p[i] == anyRun:
			i++
			star, from = i, j
			if i == len(p) {
				return true
			}
		case i < len(p) && (p[i] == anyByte || p[i] == op(s[j])):
			i++
			j++
		case star < 0:
			return false
		default:
			from++
			i = star
			if c := p[star]; c < anyByte {
				// The star must be followed by this byte: go straight to it.
				next := strings.IndexByte(s[from:], byte(c))
				if next < 0 {
					return false
				}
				from += next
			}
			j = from
		}
	}
	for i < len(p) && p[i] == anyRun {
		i++
	}
	return i == len(p)
}

// spells reports whether the pattern's own text is s, wildcards taken as the
// characters they are.
func spells(p []op, s string) bool {
	if len(p) != len(s) {
		return false
	}
	for i, o := range p {
		c := op(s[i])
		if o != c && (o != anyRun || c != '*') && (o != anyByte || c != '?') {
			return false
		}
	}
	return true
}
