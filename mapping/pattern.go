package mapping

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// pattern matches the names of groups and captures parts of them. It is literals[0], captures[0],
// literals[1], and so on to the last literal.
type pattern struct {
	literals []string
	captures []string
}

const (
	// maxCaptures and maxMatched (in bytes) bound the work for a name from a token.
	maxCaptures = 4
	maxMatched  = 255
)

var captureName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// parsePattern reads the value of a match key. If the pattern cannot be used, p is nil, and message and fix
// say why.
func parsePattern(text string) (p *pattern, message, fix string) {
	if strings.Contains(text, "*") {
		return nil, `"*" is not a wildcard in match`, "write a capture such as {bucket}, or the exact name with name = ..."
	}
	p = &pattern{}
	rest := text
	for {
		literal, after, found := strings.Cut(rest, "{")
		if strings.Contains(literal, "}") {
			return nil, `"}" without "{"`, "write a capture as {bucket}, or the exact name with name = ..."
		}
		p.literals = append(p.literals, literal)
		if !found {
			break
		}
		name, after, found := strings.Cut(after, "}")
		switch {
		case !found:
			return nil, `"{" without "}"`, "write a capture as {bucket}, or the exact name with name = ..."
		case !captureName.MatchString(name):
			return nil, fmt.Sprintf("%q is not a valid name for a capture", name), "write a lower-case letter, then lower-case letters, digits and _, such as {bucket}"
		case slices.Contains(p.captures, name):
			return nil, fmt.Sprintf("the pattern has {%s} twice", name), "give every capture a name of its own"
		case len(p.captures) > 0 && literal == "":
			return nil, "there is nothing between two captures", "write what separates them, such as {team}/{bucket}"
		}
		p.captures = append(p.captures, name)
		rest = after
	}
	switch {
	case len(p.captures) == 0:
		return nil, "the pattern captures nothing", "write the exact name with name = ..."
	case len(p.captures) > maxCaptures:
		return nil, fmt.Sprintf("the pattern has more than %d captures", maxCaptures), "use fewer"
	}
	return p, "", ""
}

// ambiguous returns two neighboring captures between which a name can be split in several ways. This is
// possible if all of the literal between them could also be part of a capture.
func (p *pattern) ambiguous() (first, second string, is bool) {
	for i := 1; i < len(p.captures); i++ {
		if isCapture(p.literals[i]) {
			return p.captures[i-1], p.captures[i], true
		}
	}
	return "", "", false
}

// minLength returns the length of the shortest matching name, in bytes.
func (p *pattern) minLength() int {
	n := 0
	for _, literal := range p.literals {
		n += len(literal)
	}
	for _, capture := range p.captures {
		n++
		if capture == "bucket" {
			n += 2
		}
	}
	return n
}

// match returns the captured texts in the order of the captures. A name that fits in more than one way does
// not match, because what such a name grants would depend on a choice that no reviewer sees.
func (p *pattern) match(name string) ([]string, bool) {
	if len(name) > maxMatched {
		return nil, false
	}
	s := search{p: p, name: name}
	if !strings.HasPrefix(name, p.literals[0]) || s.ways(0, len(p.literals[0])) != 1 {
		return nil, false
	}
	// There is exactly one way: follow it.
	texts := make([]string, len(p.captures))
	at := len(p.literals[0])
	for i := range texts {
		end := at + 1
		for !s.fits(i, at, end) || s.ways(i+1, end+len(p.literals[i+1])) == 0 {
			end++
		}
		texts[i], at = name[at:end], end+len(p.literals[i+1])
	}
	return texts, true
}

// search counts the ways in which a name fits a pattern. It remembers each count, so each state is counted
// once.
type search struct {
	p     *pattern
	name  string
	known [maxCaptures][maxMatched + 1]uint8 // ways + 1; 0 means not counted yet
}

// ways counts the ways, at most 2, in which the name from index at fits capture i and the rest of the
// pattern.
func (s *search) ways(i, at int) int {
	if i == len(s.p.captures) {
		if at == len(s.name) {
			return 1
		}
		return 0
	}
	if n := s.known[i][at]; n > 0 {
		return int(n) - 1
	}
	n := 0
	for end := at + 1; end <= len(s.name) && n < 2 && captureByte(s.name[end-1]); end++ {
		if s.fits(i, at, end) {
			n += s.ways(i+1, end+len(s.p.literals[i+1]))
		}
	}
	n = min(n, 2)
	s.known[i][at] = uint8(n + 1)
	return n
}

// fits reports whether name[at:end] can be capture i and the literal after the capture follows. All bytes
// of name[at:end] must be capture bytes.
func (s *search) fits(i, at, end int) bool {
	return strings.HasPrefix(s.name[end:], s.p.literals[i+1]) &&
		(s.p.captures[i] != "bucket" || legalBucket(s.name[at:end]))
}

func isCapture(text string) bool {
	for i := range len(text) {
		if !captureByte(text[i]) {
			return false
		}
	}
	return true
}

func captureByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-'
}
