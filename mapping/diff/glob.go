package diff

import (
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping/policy"
)

// sym is one step of a glob: a byte, a wildcard, or a text nobody knows: that of
// a policy variable, or what a pattern captures.
type sym int32

const (
	one      sym                = 256 + iota // ? is one byte
	run                                      // * is any number of bytes
	other                                    // in words: a byte that no glob spells out
	variable                                 // and up: the number of a policy variable
	capture  = variable + 1<<16              // and up: the number of a text that a pattern captured
)

// glob is a set of resources, each written as "bucket/object", or "bucket/" for
// the bucket itself.
type glob []sym

var (
	everything = glob{run}
	variables  = policy.Variables()
)

const (
	s3ARN  = "arn:aws:s3:::"
	kmsARN = "arn:minio:kms:::"
	noKey  = "calls that name no key"
)

// captures are the made-up names that stand for what patterns capture, each
// once: no text of a policy holds one.
type captures []string

// cut takes a capture off the front of a text.
func (c captures) cut(text string) (s sym, after string, found bool) {
	for i, made := range c {
		if after, found = strings.CutPrefix(text, made); found {
			return capture + sym(i), after, true
		}
	}
	return 0, "", false
}

// parse reads the text of a Resource. Without a slash and without a wildcard it
// names the bucket itself; with a wildcard it runs on into the objects, as in
// MinIO.
func (c captures) parse(text string) glob {
	text = strings.TrimPrefix(strings.TrimPrefix(text, s3ARN), kmsARN)
	var g glob
	for rest := text; rest != ""; {
		if key, after, found := cutVariable(rest); found {
			g, rest = append(g, variable+sym(slices.Index(variables, key))), after
			continue
		}
		if s, after, found := c.cut(rest); found {
			g, rest = append(g, s), after
			continue
		}
		switch c := rest[0]; {
		case c == '*' && len(g) > 0 && g[len(g)-1] == run:
		case c == '*':
			g = append(g, run)
		case c == '?':
			g = append(g, one)
		default:
			g = append(g, sym(c))
		}
		rest = rest[1:]
	}
	if !slices.Contains(g, run) && !slices.Contains(g, one) && !slices.Contains(g, '/') {
		g = append(g, '/')
	}
	return g
}

func cutVariable(text string) (key, after string, found bool) {
	if !strings.HasPrefix(text, "${") {
		return "", "", false
	}
	key, after, found = strings.Cut(text[2:], "}")
	return key, after, found && slices.Contains(variables, key)
}

// text writes the glob as a Resource without its prefix.
func (c captures) text(g glob) string {
	var b strings.Builder
	plain := true
	for _, s := range g {
		switch {
		case s == run:
			b.WriteByte('*')
			plain = false
		case s == one:
			b.WriteByte('?')
			plain = false
		case s >= capture:
			b.WriteString(c[s-capture])
		case s >= variable:
			b.WriteString("${" + variables[s-variable] + "}")
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

// key is equal for equal globs.
func (g glob) key() string {
	b := make([]byte, 0, 3*len(g))
	for _, s := range g {
		b = append(b, byte(s), byte(s>>8), byte(s>>16))
	}
	return string(b)
}

// open says that a glob holds text that nobody knows.
func (g glob) open() bool { return slices.ContainsFunc(g, func(s sym) bool { return s >= variable }) }

// varies says that a glob holds a policy variable. One request may set it and
// another not, so what such a glob names is known of no request.
func (g glob) varies() bool {
	return slices.ContainsFunc(g, func(s sym) bool { return s >= variable && s < capture })
}

// widened lets whatever nobody knows stand for any text.
func (g glob) widened() glob {
	if !g.open() {
		return g
	}
	var w glob
	for _, s := range g {
		if s >= variable {
			s = run
		}
		if s == run && len(w) > 0 && w[len(w)-1] == run {
			continue
		}
		w = append(w, s)
	}
	return w
}

// disjoint is sure of it where it says so.
func disjoint(g, h glob) bool { return !exists([]glob{g.widened(), h.widened()}, nil) }
