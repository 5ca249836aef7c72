package quote_test

import (
	"strings"
	"testing"

	"github.com/claimgate/claimgate/verifier/internal/quote"
)

func TestValueIsQuotedAndCut(t *testing.T) {
	for in, want := range map[string]string{
		"a\nb":                   `"a\nb"`,
		strings.Repeat("x", 120): `"` + strings.Repeat("x", 120) + `"`,
		strings.Repeat("x", 121): `"` + strings.Repeat("x", 120) + `..."`,
	} {
		if got := quote.Value(in); got != want {
			t.Errorf("%q is shown as %s, want %s", in, got, want)
		}
	}
}
