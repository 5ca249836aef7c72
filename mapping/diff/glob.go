package diff

import (
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping/policy"
)

// sym is one step of a glob: a byte, a wildcard, or a policy variable that
// stands for a text nobody knows.
type sym int32

const (
	one      sym = 256 + iota // ? is one byte
	run                       // * is any number of bytes
	other                     // in words: a byte that no glob spells out
	variable                  // and up: the number of a policy variable
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

// parseResource reads the text of a Resource. Without a slash and without a
// wildcard it names the bucket itself; with a wildcard it runs on into the
// objects, as in MinIO.
func parseResource(text string) glob {
	text = strings.TrimPrefix(strings.TrimPrefix(text, s3ARN), kmsARN)
	var g glob
	for rest := text; rest != ""; {
		if key, after, found := cutVariable(rest); found {
			g, rest = append(g, variable+sym(slices.Index(variables, key))), after
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

// String writes the glob as a Resource without its prefix.
func (g glob) String() string {
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

func (g glob) key() string { return g.String() }

// open says that a glob holds text that nobody knows: a variable, or what a
// pattern captures.
func (a *algebra) open(g glob) bool {
	return slices.ContainsFunc(g, func(s sym) bool { return s >= variable }) ||
		slices.ContainsFunc(a.made, func(m glob) bool { return index(g, m) >= 0 })
}

// widened lets whatever nobody knows stand for any text.
func (a *algebra) widened(g glob) glob {
	for _, m := range a.made {
		for i := index(g, m); i >= 0; i = index(g, m) {
			g = slices.Concat(g[:i], everything, g[i+len(m):])
		}
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

func (a *algebra) disjoint(g, h glob) bool {
	return !exists([]glob{a.widened(g), a.widened(h)}, nil)
}

// index finds a text within a glob.
func index(g, text glob) int {
	for i := 0; i+len(text) <= len(g); i++ {
		if slices.Equal(g[i:i+len(text)], text) {
			return i
		}
	}
	return -1
}
