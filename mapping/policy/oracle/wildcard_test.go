package oracle

import (
	"strings"
	"testing"

	"github.com/minio/pkg/v3/wildcard"

	"github.com/claimgate/claimgate/mapping/policy"
)

// FuzzWildcard compares the matchers. The time of MinIO's matcher is exponential in the number of stars, so
// the test gives it only a few.
func FuzzWildcard(f *testing.F) {
	f.Add("a*b?c/*", "axxbyc/z")
	f.Add("*a*a*b", strings.Repeat("a", 20))
	f.Add("??", "é")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		got := policy.Match(pattern, text)
		if strings.Count(pattern, "*") > 4 || len(text) > 40 {
			return
		}
		if want := wildcard.Match(pattern, text); got != want {
			t.Fatalf("%q on %q: claimgate %t, MinIO %t", pattern, text, got, want)
		}
	})
}

// TestWildcardsAgree compares the matchers on all short patterns and texts.
func TestWildcardsAgree(t *testing.T) {
	var patterns, texts []string
	grow := func(letters string, longest int) []string {
		all := []string{""}
		for from := 0; from < len(all); from++ {
			if len(all[from]) < longest {
				for i := range letters {
					all = append(all, all[from]+letters[i:i+1])
				}
			}
		}
		return all
	}
	patterns, texts = grow("ab*?", 5), grow("ab", 5)
	for _, p := range patterns {
		for _, s := range texts {
			if got, want := policy.Match(p, s), wildcard.Match(p, s); got != want {
				t.Fatalf("%q on %q: claimgate %t, MinIO %t", p, s, got, want)
			}
		}
	}
	t.Logf("%d patterns on %d texts", len(patterns), len(texts))
}
