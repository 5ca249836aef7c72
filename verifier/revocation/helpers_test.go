package revocation

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/internal/pool"
)

// testIssuerConfig is the configuration that most tests use.
func testIssuerConfig() verifier.Issuer {
	return verifier.Issuer{
		Name: "authentik", URL: idp.URL, Audiences: []string{idp.ClientID},
		Algorithms: []string{"RS256", "ES256", "ES384", "ES512", "EdDSA"}, UsernameClaim: "preferred_username",
		Leeway: 30 * time.Second, MaxLifetime: 24 * time.Hour,
		Refresh: 5 * time.Minute, RefetchCooldown: 10 * time.Second, MaxStale: 24 * time.Hour,
	}
}

// started returns a running verifier that trusts the issuer.
func started(t testing.TB, i *idp.Issuer, adjust ...func(*verifier.Options)) *verifier.Verifier {
	t.Helper()
	c := testIssuerConfig()
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

// bubble runs f in a bubble of testing/synctest, with an issuer that publishes one RSA
// key and a verifier that has fetched it.
func bubble(t *testing.T, f func(t *testing.T, i *idp.Issuer, v *verifier.Verifier, l *LogoutVerifier), adjust ...func(*verifier.Options)) {
	t.Helper()
	one := idp.RSAKey(0, idp.KidOne)
	synctest.Test(t, func(t *testing.T) {
		i := idp.New(t, idp.URL, one)
		v := started(t, i, adjust...)
		synctest.Wait()
		if got := i.Asked(); got != [3]int64{2, 1, 1} {
			t.Fatalf("at the start: %v connections, discoveries and fetches", got)
		}
		f(t, i, v, NewLogoutVerifier(v, nil))
	})
}

// decide verifies a token and checks the reason.
func decide(t *testing.T, v *verifier.Verifier, token string, want verifier.Reason) {
	t.Helper()
	_, err := v.Verify(t.Context(), token, verifier.Presented{})
	wantReason(t, err, want)
}

// wantReason checks that err has the reason, "" meaning no error at all.
func wantReason(t testing.TB, err error, want verifier.Reason) {
	t.Helper()
	if err == nil && want != "" {
		t.Errorf("accepted, want %s", want)
	}
	if err != nil && (verifier.ReasonOf(err) != want || want == "") {
		t.Errorf("got %v, want reason %q", err, want)
	}
}

// occupy takes a slot of a pool until release is called.
func occupy(t *testing.T, p *pool.Pool) (release func()) {
	t.Helper()
	taken, end, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		p.Do(context.Background(), func() bool {
			close(taken)
			<-end
			return true
		})
	}()
	<-taken
	return func() {
		close(end)
		<-done
	}
}

// offline returns a verifier at idp.Now that has set as its key set, from a snapshot.
func offline(t *testing.T, set []byte) (*verifier.Verifier, *LogoutVerifier) {
	t.Helper()
	c := testIssuerConfig()
	c.SnapshotFile = filepath.Join(t.TempDir(), "jwks.json")
	snapshot := idp.JSON(map[string]any{"version": 1, "issuer": c.URL, "fetched": idp.Now, "jwks": json.RawMessage(set)})
	if err := os.WriteFile(c.SnapshotFile, snapshot, 0o600); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return idp.Now }
	v, err := verifier.New(verifier.Options{
		Issuers: []verifier.Issuer{c}, Now: now,
		Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("down") },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v, NewLogoutVerifier(v, now)
}
