package jwks_test

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
)

func wantFetches(t *testing.T, i *idp.Issuer, want int64) {
	t.Helper()
	if got := i.Fetches.Load(); got != want {
		t.Errorf("%d fetches of the key set so far, want %d", got, want)
	}
}

// bogusTokens returns n tokens with kids that no key has.
func bogusTokens(n int) []string { return idp.TokensOfUnknownKeys(n) }

// down is a Config.Dial that always fails.
func down(context.Context, string, string) (net.Conn, error) { return nil, errors.New("down") }
