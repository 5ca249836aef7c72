package policy

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// naiveMatch is the textbook definition of a match: slow, but obviously correct.
func naiveMatch(pattern, text string) bool {
	switch {
	case pattern == "":
		return text == ""
	case pattern[0] == '*':
		return naiveMatch(pattern[1:], text) || text != "" && naiveMatch(pattern, text[1:])
	case text == "":
		return false
	}
	return (pattern[0] == '?' || pattern[0] == text[0]) && naiveMatch(pattern[1:], text[1:])
}

func TestWildcards(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "a/b", true},
		{"**", "x", true},
		{"?", "", false},
		{"?", "/", true},
		{"?", "é", false},
		{"??", "é", true},
		{"a*c", "abc", true},
		{"a*c", "ac", true},
		{"a*c", "acd", false},
		{"*a*", "bab", true},
		{"a*b*c", "aXbYbZc", true},
		{"a*?c", "ac", false},
		{"*?", "", false},
		{"*ab", "aab", true},
		{`\*`, `\x`, true},
		{`\*`, "*", false},
		{"[ab]", "a", false},
	} {
		if Match(c.pattern, c.text) != c.want {
			t.Errorf("%q on %q: %t", c.pattern, c.text, !c.want)
		}
	}
}

func TestMatchEqualsNaiveMatch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[ab/*?]{0,9}`).Draw(t, "pattern")
		text := rapid.StringMatching(`[ab/]{0,9}`).Draw(t, "text")
		if got, want := Match(pattern, text), naiveMatch(pattern, text); got != want {
			t.Fatalf("%q on %q: %t", pattern, text, got)
		}
	})
}

func TestPatternShortcutsChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[ab*?]{0,5}`).Draw(t, "pattern")
		value := rapid.StringMatching(`[ab*?]{0,5}`).Draw(t, "text")
		whole := newPattern([]part{{ops: appendWild(nil, text)}}, false)
		if got, want := whole.match(value, nil), truth(matchOps(appendWild(nil, text), value)); got != want {
			t.Fatalf("%q on %q: %v", text, value, got)
		}
		if whole.match(value, nil) == yes && !strings.HasPrefix(value, whole.plain) {
			t.Fatalf("%q matches %q, which does not begin with %q", text, value, whole.plain)
		}
		cut := rapid.IntRange(0, len(text)).Draw(t, "cut")
		split := newPattern([]part{{ops: appendWild(nil, text[:cut])}, {ops: appendWild(nil, text[cut:])}}, false)
		if split.match(value, nil) != whole.match(value, nil) {
			t.Fatalf("%q cut at %d matches %q otherwise", text, cut, value)
		}
	})
}

func TestVariablesMatchTheirValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// The value of a variable must match as a literal, also if it has wildcards.
		value := rapid.StringMatching(`[ab*?]{1,4}`).Draw(t, "value")
		before := rapid.StringMatching(`[ab*]{0,3}`).Draw(t, "before")
		text := rapid.StringMatching(`[ab*?]{0,8}`).Draw(t, "text")
		p := newPattern([]part{{ops: appendWild(nil, before)}, {key: "aws:username"}}, false)
		got := p.match(text, conditions{"username": {value}})
		want := false
		if head, found := strings.CutSuffix(text, value); found {
			want = naiveMatch(before, head)
		}
		if got != truth(want) {
			t.Fatalf("%q and the value %q on %q: %v", before, value, text, got)
		}
		// Without a value the result is maybe, or no if no value could make the pattern match.
		if unset := p.match(text, nil); unset == yes || (unset == maybe) != naiveMatch(before+"*", text) {
			t.Fatalf("%q and no value on %q: %v", before, text, unset)
		}
	})
}

func FuzzMatch(f *testing.F) {
	f.Add("a*b?c", "axxbyc")
	f.Add("*a*a*a*b", strings.Repeat("a", 40))
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 12 || len(text) > 24 {
			Match(pattern, text) // naiveMatch would take too long
			return
		}
		if got, want := Match(pattern, text), naiveMatch(pattern, text); got != want {
			t.Fatalf("%q on %q: %t", pattern, text, got)
		}
	})
}

func TestKleene(t *testing.T) {
	for _, c := range []struct{ have, negated ternary }{{no, yes}, {maybe, maybe}, {yes, no}} {
		if c.have.not() != c.negated {
			t.Errorf("not %v is %v", c.have, c.have.not())
		}
	}
	if maybe.applies(false) || !maybe.applies(true) || no.applies(true) || !yes.applies(false) {
		t.Error("maybe helps an Allow or stops a Deny")
	}
}
