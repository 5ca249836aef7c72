package shared_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/leaks"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/revocation"
	"github.com/claimgate/claimgate/verifier/revocation/shared"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// Tests that need a server are in the module redistest.

func TestMain(m *testing.M) { leaks.Main(m) }

func TestAnInvalidStoreURLIsRefused(t *testing.T) {
	noPEM := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(noPEM, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ url, ca, want string }{
		{"memory", "", "is not a URL"},
		{"https://host/", "", "is not a URL"},
		{"redis:///0", "", "is not a URL"},
		{"redis://:s3cret@%zz", "", "is not a URL"},
		{"redis://host/x", "", "database number"},
		{"rediss://host", noPEM, "no PEM certificate"},
		{"rediss://host", noPEM + "x", "ca_file"},
	} {
		s, err := shared.New(shared.Options{URL: c.url, CAFile: c.ca, List: revocation.NewList(nil, time.Hour)})
		if err == nil {
			_ = s.Close()
			t.Errorf("%s was accepted", c.url)
		} else if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", c.url, err)
		}
	}
}

// If the store was never reached, logouts still count and no decision waits.
func TestAnUnreachableStore(t *testing.T) {
	var log bytes.Buffer
	now := time.Now()
	known := revocation.NewList(nil, time.Hour)
	s, err := shared.New(shared.Options{
		URL: "redis://127.0.0.1:1", List: known, Issuers: map[string]string{"a": "https://auth.example/"},
		MaxStale: time.Hour, Log: zerolog.New(&log), Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	l := &revocation.Logout{Issuer: "a", Session: "s1", ID: "1", IssuedAt: now}
	if !s.End(t.Context(), l) || s.End(t.Context(), l) {
		t.Error("a logout does not count once")
	}
	if !known.Revoked(&verifier.Identity{Issuer: "a", Session: "s1"}, "") {
		t.Error("a logout does not count here")
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(s)
	now = now.Add(30 * time.Minute)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		values[f.GetName()] = f.GetMetric()[0].GetGauge().GetValue()
	}
	if values["claimgate_revocation_store_up"] != 0 || values["claimgate_revocation_store_age_seconds"] != 1800 || len(values) != 4 {
		t.Errorf("the metrics are %v", values)
	}
	if s.Stale() {
		t.Error("stale before max_stale")
	}
	if now = now.Add(30 * time.Minute); s.Stale() {
		t.Error("stale at max_stale")
	}
	if now = now.Add(time.Second); !s.Stale() || !s.State().Stale || s.State().Up {
		t.Errorf("%+v", s.State())
	}
	if now = now.Add(-48 * time.Hour); s.Stale() || s.Age() != 0 {
		t.Error("a clock that is set back changes the age")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestWithoutMaxStaleNothingIsStale(t *testing.T) {
	now := time.Now()
	s, err := shared.New(shared.Options{URL: "redis://127.0.0.1:1", List: revocation.NewList(nil, time.Hour), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	if now = now.Add(8760 * time.Hour); s.Stale() || s.Age() != 8760*time.Hour {
		t.Errorf("stale: %v, age %s", s.Stale(), s.Age())
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
