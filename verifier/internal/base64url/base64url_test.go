package base64url_test

import (
	"testing"

	"github.com/claimgate/claimgate/verifier/internal/base64url"
)

func TestOnlyTheCanonicalSpellingDecodes(t *testing.T) {
	if got, err := base64url.Decode("_-8"); err != nil || string(got) != "\xff\xef" {
		t.Errorf("got %x, %v", got, err)
	}
	for _, s := range []string{"_-9", "_-8=", "/+8", "_-8\n", "_\r-8", " _-8", "_"} {
		if got, err := base64url.Decode(s); err == nil {
			t.Errorf("%q decodes to %x", s, got)
		}
	}
}
