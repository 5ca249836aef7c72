package verifier

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
	"github.com/claimgate/claimgate/verifier/internal/pool"
	"github.com/claimgate/claimgate/verifier/jwks"
)

// testIssuerConfig is the configuration that most tests use.
func testIssuerConfig() Issuer {
	return Issuer{
		Name: "authentik", URL: idp.URL, Audiences: []string{idp.ClientID},
		Algorithms: []string{"RS256", "ES256", "ES384", "ES512", "EdDSA"}, UsernameClaim: "preferred_username",
		Leeway: 30 * time.Second, MaxLifetime: 24 * time.Hour,
		Refresh: 5 * time.Minute, RefetchCooldown: 10 * time.Second, MaxStale: 24 * time.Hour,
	}
}

// offline returns a verifier whose clock is at idp.Now and that uses no network. Every fetch of
// the first issuer's key set returns set.
func offline(t testing.TB, set []byte, adjust ...func(*Options)) *Verifier {
	t.Helper()
	o := Options{Issuers: []Issuer{testIssuerConfig()}, Now: func() time.Time { return idp.Now }}
	for _, f := range adjust {
		f(&o)
	}
	v, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	v.order[0].serve(t, v.now, set)
	return v
}

// serve gives the issuer a new key source and fetches once. Every fetch returns set.
func (i *issuer) serve(t testing.TB, now func() time.Time, set []byte) {
	t.Helper()
	keys, err := jwks.New(context.Background(), jwks.Config{
		Name: i.config.Name, URL: i.config.URL, Refresh: i.config.Refresh, MaxStale: i.config.MaxStale, Now: now,
		Fetch: func(context.Context) ([]byte, error) { return bytes.Clone(set), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	keys.Demand(context.Background(), "")
	if keys.Newest() == nil {
		t.Fatalf("the key set is refused: %s", keys.State().Error)
	}
	i.keys = keys
}

// started returns a running verifier that trusts the issuer.
func started(t testing.TB, i *idp.Issuer, adjust ...func(*Options)) *Verifier {
	t.Helper()
	c := testIssuerConfig()
	c.URL, c.CAFile = i.URL, i.CAFile(t)
	o := Options{Issuers: []Issuer{c}, Dial: i.Dial}
	for _, f := range adjust {
		f(&o)
	}
	v, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	v.Start()
	return v
}

// bubble is idp.Bubble with a verifier of this package.
func bubble(t *testing.T, f func(t *testing.T, i *idp.Issuer, v *Verifier), adjust ...func(*Options)) {
	t.Helper()
	idp.Bubble(t, func(t *testing.T, i *idp.Issuer) *Verifier { return started(t, i, adjust...) }, f)
}

// decide verifies a token and checks the reason.
func decide(t *testing.T, v *Verifier, token string, want Reason) {
	t.Helper()
	_, err := v.Verify(t.Context(), token, Presented{})
	wantReason(t, err, want)
}

func wantFetches(t *testing.T, i *idp.Issuer, want int64) {
	t.Helper()
	if got := i.Fetches.Load(); got != want {
		t.Errorf("%d fetches of the key set so far, want %d", got, want)
	}
}

// bogusTokens returns n tokens with kids that no key has.
func bogusTokens(n int) []string { return idp.TokensOfUnknownKeys(n) }

// checks returns the pool of signature checks.
func (v *Verifier) checks() *pool.Pool { return v.credentials.pool.Pool }

// wantReason checks that err has the reason; "" means no error.
func wantReason(t testing.TB, err error, want Reason) {
	t.Helper()
	if err == nil && want != "" {
		t.Errorf("accepted, want %s", want)
	}
	if err != nil && (ReasonOf(err) != want || want == "") {
		t.Errorf("got %v, want reason %q", err, want)
	}
}
