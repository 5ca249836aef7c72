package access

import (
	"slices"
	"strings"
)

// symbol is one element of a Pattern: a byte, a wildcard, or an unknown text. An unknown text is the text of
// a policy variable, or a text that a group pattern captures.
type symbol int32

const (
	questionMark symbol             = 256 + iota // ? matches one byte
	star                                         // * matches any number of bytes
	other                                        // in a search: any byte that no pattern names
	variable                                     // variable+n is the policy variable with number n
	capture      = variable + 1<<16              // capture+n is the n-th placeholder
)

// Pattern is a set of resources. A resource is "bucket/object", or "bucket/" for the bucket itself.
//
// The pattern of "b?/${jwt:sub}/*" has these symbols: b, questionMark, slash, a variable, slash, star.
type Pattern []symbol

var everything = Pattern{star}

const (
	s3ARN  = "arn:aws:s3:::"
	kmsARN = "arn:minio:kms:::"
	noKey  = "calls that name no key"
)

// Placeholders are made-up texts, one for each capture of a group pattern. No policy contains such a text.
// For example, the rule match = "team-{bucket}" gets a principal in the group "team-qzvfu...". In the policies
// of that principal "qzvfu..." stands for every text that {bucket} captures.
type Placeholders []string

// cut cuts a placeholder off the front of a text.
func (c Placeholders) cut(text string) (s symbol, after string, found bool) {
	for i, placeholder := range c {
		if after, found = strings.CutPrefix(text, placeholder); found {
			return capture + symbol(i), after, true
		}
	}
	return 0, "", false
}

// Parse reads the text of a Resource as MinIO does. A text without a slash and without a wildcard names
// the bucket itself: "b" is the resource "b/". A text with a wildcard, such as "b*", matches buckets and
// objects.
func (c Placeholders) Parse(text string) Pattern { return parse(text, c.cut) }

// parse is Parse. cut cuts a placeholder off the front of a text.
func parse(text string, cut func(string) (symbol, string, bool)) Pattern {
	text = strings.TrimPrefix(strings.TrimPrefix(text, s3ARN), kmsARN)
	var g Pattern
	for rest := text; rest != ""; {
		if key, after, found := cutVariable(rest); found {
			g, rest = append(g, variable+variables.number(key)), after
			continue
		}
		if s, after, found := cut(rest); found {
			g, rest = append(g, s), after
			continue
		}
		switch c := rest[0]; {
		case c == '*' && len(g) > 0 && g[len(g)-1] == star:
		case c == '*':
			g = append(g, star)
		case c == '?':
			g = append(g, questionMark)
		default:
			g = append(g, symbol(c))
		}
		rest = rest[1:]
	}
	if !slices.Contains(g, star) && !slices.Contains(g, questionMark) && !slices.Contains(g, '/') {
		g = append(g, '/')
	}
	return g
}

func cutVariable(text string) (key, after string, found bool) {
	if !strings.HasPrefix(text, "${") {
		return "", "", false
	}
	key, after, found = strings.Cut(text[2:], "}")
	return key, after, found && variables.known(key)
}

// Text returns the pattern as the text of a Resource, without the ARN's prefix.
func (c Placeholders) Text(g Pattern) string {
	var b strings.Builder
	plain := true
	for _, s := range g {
		switch {
		case s == star:
			b.WriteByte('*')
			plain = false
		case s == questionMark:
			b.WriteByte('?')
			plain = false
		case s >= capture:
			b.WriteString(c[s-capture])
		case s >= variable:
			b.WriteString("${" + variables.key(s-variable) + "}")
		default:
			b.WriteByte(byte(s))
		}
	}
	text := b.String()
	if bucket, object, found := strings.Cut(text, "/"); plain && found && object == "" && bucket != "" {
		return bucket
	}
	return text
}

// Key returns a text that is equal for equal patterns.
func (g Pattern) Key() string {
	b := make([]byte, 0, 3*len(g))
	for _, s := range g {
		b = append(b, byte(s), byte(s>>8), byte(s>>16))
	}
	return string(b)
}

// Open returns true if the pattern holds an unknown text: a policy variable or a placeholder.
func (g Pattern) Open() bool {
	return slices.ContainsFunc(g, func(s symbol) bool { return s >= variable })
}

// hasVariable returns true if the pattern holds a policy variable. Some requests set the variable and others
// do not, so what the pattern matches depends on the request.
func (g Pattern) hasVariable() bool {
	return slices.ContainsFunc(g, func(s symbol) bool { return s >= variable && s < capture })
}

// widened returns the pattern with * in place of each unknown text.
func (g Pattern) widened() Pattern {
	if !g.Open() {
		return g
	}
	var w Pattern
	for _, s := range g {
		if s >= variable {
			s = star
		}
		if s == star && len(w) > 0 && w[len(w)-1] == star {
			continue
		}
		w = append(w, s)
	}
	return w
}

// filled returns the pattern with ?* in place of each unknown text. A variable that is set and a capture are
// never empty, so ?* stands for each of their texts.
func (g Pattern) filled() Pattern {
	if !g.Open() {
		return g
	}
	var f Pattern
	for _, s := range g {
		if s >= variable {
			f = append(f, questionMark, star)
		} else {
			f = append(f, s)
		}
	}
	return f
}

// disjoint returns true if surely no resource matches both patterns.
func disjoint(g, h Pattern) bool {
	return prefixesDiffer(g, h) || !exists(AnyKind, []Pattern{g.filled(), h.filled()}, nil)
}
