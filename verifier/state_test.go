package verifier

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
	"github.com/claimgate/claimgate/verifier/jwks"
)

// The operator reads why no key counts, and only what is known.
func TestWhyTheKeysAreUnavailable(t *testing.T) {
	const none = "no key set of the issuer authentik could be fetched yet"
	var set []byte
	failure := errors.New("the door is shut")
	config := testIssuerConfig()
	i := &issuer{config: &config}
	var err error
	if i.keys, err = jwks.New(context.Background(), jwks.Config{
		Name: i.config.Name, URL: i.config.URL, Refresh: i.config.Refresh, MaxStale: i.config.MaxStale, Now: func() time.Time { return idp.Now },
		Fetch: func(context.Context) ([]byte, error) { return set, failure },
	}); err != nil {
		t.Fatal(err)
	}
	if got := i.unavailable().Detail; got != none {
		t.Errorf("before the first fetch: %s", got)
	}
	i.keys.Demand(t.Context(), "")
	if got := i.unavailable().Detail; !strings.HasPrefix(got, none+": ") || !strings.Contains(got, failure.Error()) {
		t.Errorf("after a fetch that failed: %s", got)
	}

	i.serve(t, func() time.Time { return idp.Now }, idp.JWKSOf(idp.RSAKey(0, idp.KidOne)))
	want := "the last good key set of the issuer authentik was fetched at " + idp.Now.UTC().Format(time.RFC3339) + ", older than max_stale (24h0m0s)"
	if got := i.unavailable().Detail; got != want {
		t.Errorf("after a good fetch:\n%s\n%s", got, want)
	}
}
