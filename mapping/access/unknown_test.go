package access

import (
	"slices"
	"testing"
)

// The first policy variable and the first capture are unknown texts like all others: a set variable may contain a slash, a
// captured text does not.
func TestUnknownTexts(t *testing.T) {
	const first, captured = variable, capture
	byVariable, byCapture := Pattern{'b', '/', first, '/', star}, Pattern{'b', '/', captured, '/', star}
	plain := Pattern{'b', '/', 'x', '?', '/', star}
	if !byVariable.Open() || !byCapture.Open() || plain.Open() {
		t.Error("a pattern is open if it holds an unknown text")
	}
	if !byVariable.hasVariable() || byCapture.hasVariable() || plain.hasVariable() {
		t.Error("a capture is no policy variable")
	}
	for _, p := range []Pattern{byVariable, byCapture} {
		if got := p.widened(); !slices.Equal(got, Pattern{'b', '/', star, '/', star}) {
			t.Errorf("widened: %v", got)
		}
		if got := p.filled(); !slices.Equal(got, Pattern{'b', '/', questionMark, star, '/', star}) {
			t.Errorf("filled: %v", got)
		}
	}
	if !slices.Equal(plain.widened(), plain) || !slices.Equal(plain.filled(), plain) {
		t.Error("a pattern without an unknown text changes")
	}
	if !mayContain(first, '/') || mayContain(captured, '/') || !mayContain(captured, 'x') || mayContain('x', 'x') {
		t.Error("what an unknown text may contain")
	}
	if _, ok := byVariable.with(func(string) (string, bool) { return "", false }); ok {
		t.Error("a variable without a value is replaced")
	}
	if got, ok := byCapture.with(nil); !ok || !slices.Equal(got, byCapture) {
		t.Error("a capture is replaced like a variable")
	}
}

// A search takes the unknown text of the leading pattern for any text that another pattern asks for.
func TestASearchWithUnknownTexts(t *testing.T) {
	text := func(s string) (p Pattern) {
		for i := range len(s) {
			p = append(p, symbol(s[i]))
		}
		return p
	}
	byVariable := Pattern{'b', '/', variable}
	if !exists(ObjectKind, []Pattern{byVariable, text("b/x/y")}, nil) {
		t.Error("the value of a variable cannot be x/y")
	}
	if exists(ObjectKind, []Pattern{{'b', '/', capture}, text("b/x/y")}, nil) {
		t.Error("a captured text can be x/y")
	}
	if exists(ObjectKind, []Pattern{byVariable, text("c/x")}, nil) {
		t.Error("the value of a variable changes the text before it")
	}
	if exists(ObjectKind, []Pattern{byVariable}, []Pattern{byVariable}) {
		t.Error("the same variable has two values")
	}
	if !exists(ObjectKind, []Pattern{byVariable}, []Pattern{text("b/x")}) {
		t.Error("the value of a variable is always x")
	}
}

// The conditions of a term are those of its statement.
func TestTheConditionsOfATerm(t *testing.T) {
	with, without := NewRegion([]Pattern{everything}, nil, `{"Bool":{"aws:SecureTransport":["true"]}}`), NewRegion([]Pattern{everything}, nil, "")
	if got := TermsOf(ObjectKind, with)[0].Conditions; !slices.Equal(got, []string{with.Condition}) {
		t.Errorf("with a condition: %q", got)
	}
	if got := TermsOf(ObjectKind, without)[0].Conditions; len(got) != 0 {
		t.Errorf("without a condition: %q", got)
	}
}
