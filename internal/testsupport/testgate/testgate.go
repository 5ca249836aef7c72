// Package testgate makes running gateways for tests.
package testgate

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/demo/issuer"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/testsupport/wait"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/revocation"
)

// Gate is a gateway with a real verifier, which fetches keys from a real issuer over HTTP.
type Gate struct {
	*gateway.Gateway
	Issuer      *issuer.Server
	Verifier    *verifier.Verifier
	Revocations *revocation.List
}

// Change changes the options of a Gate before it is made.
type Change func(*gateway.Options, *verifier.Issuer, *verifier.Options)

// New returns a Gate that has the issuer's keys, and no mapping. The test closes it at its end.
func New(t testing.TB, changes ...Change) *Gate {
	t.Helper()
	g := NewWithoutKeys(t, changes...)
	// A decision waits three seconds for the keys, which can be too short on a busy machine.
	g.Verifier.Start()
	wait.Until(t, "the keys", g.Verifier.Ready)
	return g
}

// NewWithoutKeys returns a Gate without a mapping. The first decision about a token fetches the keys.
func NewWithoutKeys(t testing.TB, changes ...Change) *Gate {
	t.Helper()
	iss, err := issuer.Listen(t.Context(), "127.0.0.1:0", issuer.Options{ClientID: "minio"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = iss.Close() })
	vi := verifier.Issuer{
		Name: "authentik", URL: iss.URL(), Audiences: []string{"minio"}, Algorithms: []string{"RS256"},
		UsernameClaim: "preferred_username", Leeway: 30 * time.Second, MaxLifetime: 24 * time.Hour,
		Refresh: time.Hour, RefetchCooldown: time.Second, MaxStale: 24 * time.Hour,
	}
	o := gateway.Options{
		Revocations:     revocation.NewList(time.Now, 24*time.Hour),
		DecisionEntries: 1000,
		Evidence: gateway.Evidence{
			Keys: []string{"authentik_token", "X-Authentik-Jwt"}, StaticCredentials: gateway.StaticMatch,
		},
	}
	var vo verifier.Options
	for _, c := range changes {
		c(&o, &vi, &vo)
	}
	vo.Issuers = []verifier.Issuer{vi}
	v, err := verifier.New(vo)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	o.Verifier = v
	g, err := gateway.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	return &Gate{g, iss, v, o.Revocations}
}

// UseText puts the mapping with this text in force.
func (g *Gate) UseText(t testing.TB, text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "mapping.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m, found := mapping.Load(file)
	if m == nil {
		t.Fatalf("the test's mapping: %v", found)
	}
	g.Use(m)
}
