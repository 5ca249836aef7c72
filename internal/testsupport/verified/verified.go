// Package verified starts verifiers for tests outside package verifier.
package verified

import (
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
	"github.com/claimgate/claimgate/verifier"
)

// Issuer returns the configuration of an issuer that most tests use.
func Issuer() verifier.Issuer {
	return verifier.Issuer{
		Name: "authentik", URL: idp.URL, Audiences: []string{idp.ClientID},
		Algorithms: []string{"RS256", "ES256", "ES384", "ES512", "EdDSA"}, UsernameClaim: "preferred_username",
		Leeway: 30 * time.Second, MaxLifetime: 24 * time.Hour,
		Refresh: 5 * time.Minute, RefetchCooldown: 10 * time.Second, MaxStale: 24 * time.Hour,
	}
}

// Start returns a running verifier that trusts the issuer. The end of the test closes it.
func Start(t testing.TB, i *idp.Issuer, adjust ...func(*verifier.Options)) *verifier.Verifier {
	t.Helper()
	c := Issuer()
	c.URL, c.CAFile = i.URL, i.CAFile(t)
	o := verifier.Options{Issuers: []verifier.Issuer{c}, Dial: i.Dial}
	for _, f := range adjust {
		f(&o)
	}
	v, err := verifier.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	v.Start()
	return v
}

// Bubble is idp.Bubble with a verifier that Start starts.
func Bubble(t *testing.T, f func(t *testing.T, i *idp.Issuer, v *verifier.Verifier), adjust ...func(*verifier.Options)) {
	t.Helper()
	idp.Bubble(t, func(t *testing.T, i *idp.Issuer) *verifier.Verifier { return Start(t, i, adjust...) }, f)
}

// Decide verifies a token and checks the reason, as WantReason does.
func Decide(t *testing.T, v *verifier.Verifier, token string, want verifier.Reason) {
	t.Helper()
	_, err := v.Verify(t.Context(), token, verifier.Presented{})
	WantReason(t, err, want)
}

// WantReason checks that err has the reason; "" means no error.
func WantReason(t testing.TB, err error, want verifier.Reason) {
	t.Helper()
	if err == nil && want != "" {
		t.Errorf("accepted, want %s", want)
	}
	if err != nil && (verifier.ReasonOf(err) != want || want == "") {
		t.Errorf("got %v, want reason %q", err, want)
	}
}
