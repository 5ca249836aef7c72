package access

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The intersection of two patterns is a short list of patterns. Where one pattern has a question mark, the byte of the
// other pattern stays.
func TestTheIntersectionOfTwoPatterns(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want []string
	}{
		{"a?c/*", "ab?/*", []string{"abc/*"}},
		{"ab?/*", "a?c/*", []string{"abc/*"}},
		{"?b/?", "a?/x", []string{"ab/x"}},
		{"a?/*", "a*/x", []string{"a?/*/x", "a?/x"}},
		{"*a", "a*", []string{"a*a"}},
		{"b/*", "c/*", nil},
		{"b/x", "b/x?", nil},
	} {
		var none Placeholders
		a, b := none.Parse(c.a), none.Parse(c.b)
		shapes, ok := intersect(a, b)
		var got []string
		for _, shape := range shapes {
			got = append(got, none.Text(shape))
		}
		slices.Sort(got)
		if !ok || fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s and %s: %q, want %q", c.a, c.b, got, c.want)
		}
	}
}

// An intersection of more than maxShapes patterns is not listed.
func TestAnIntersectionOfManyPatterns(t *testing.T) {
	var none Placeholders
	if _, ok := intersect(none.Parse(strings.Repeat("*a", 8)+"*"), none.Parse(strings.Repeat("*b", 8)+"*")); ok {
		t.Error("thousands of patterns are listed")
	}
}
