package policy

import "strings"

// An op is one step of a wildcard pattern: a byte if it is below 256, or a wildcard. Because wildcards are
// not bytes, a "*" in the value of a variable stays a literal.
type op uint16

const (
	anyByte op = 256 + iota // ? matches one byte, as in MinIO, not one character
	anyRun                  // * matches any number of bytes, "/" included
)

// Match reports whether text matches a pattern of Action or Resource: "*" matches any number of bytes,
// slashes included, and "?" matches one byte.
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

// matchOps matches greedily and backtracks to the last star only. What an earlier star has matched never
// has to change, so there is no exponential case.
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
				// The next byte must be c: go to its next place.
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

// matchesText reports whether s equals the text of the pattern, with wildcards taken literally.
func matchesText(p []op, s string) bool {
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
