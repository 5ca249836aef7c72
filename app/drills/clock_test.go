package drills_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/dialect"
	"github.com/claimgate/claimgate/app/dialect/minio"

	"github.com/claimgate/claimgate/app/audit"
	"github.com/claimgate/claimgate/app/demo/issuer"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/app/server"
	"github.com/claimgate/claimgate/internal/testsupport/wait"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/revocation"
	"github.com/rs/zerolog"
)

// clock is a clock that the test moves. A separate process would use the machine's clock, which a test must
// not change.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) }

// jumping is a claimgate with the parts that serve uses, except for its clock.
type jumping struct {
	clock
	t           *testing.T
	url, log    string
	issuer      *issuer.Server
	revocations *revocation.List
	audit       *audit.Log
}

func startJumping(t *testing.T, mappingText string) *jumping {
	t.Helper()
	j := &jumping{t: t, log: filepath.Join(t.TempDir(), "decisions.jsonl")}
	var err error
	if j.issuer, err = issuer.Listen(t.Context(), "127.0.0.1:0", issuer.Options{ClientID: "minio"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.issuer.Close() })
	v, err := verifier.New(verifier.Options{Now: j.now, Issuers: []verifier.Issuer{{
		Name: "authentik", URL: j.issuer.URL(), Audiences: []string{"minio"}, Algorithms: []string{"RS256"}, Leeway: 30 * time.Second,
		MaxLifetime: 24 * time.Hour, Refresh: 5 * time.Minute, RefetchCooldown: time.Second, MaxStale: 24 * time.Hour,
	}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	v.Start()
	wait.Until(t, "the keys", v.Ready)
	j.revocations = revocation.NewList(j.now, 24*time.Hour)
	g, err := gateway.New(gateway.Options{
		Verifier: v, Revocations: j.revocations, DecisionEntries: 100, Now: j.now,
		Evidence: gateway.Evidence{Keys: []string{"authentik_token"}, StaticCredentials: gateway.StaticAny},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	file := filepath.Join(t.TempDir(), "mapping.toml")
	if err := os.WriteFile(file, []byte(mappingText), 0o600); err != nil {
		t.Fatal(err)
	}
	m, found := mapping.Load(file)
	if m == nil {
		t.Fatal(found)
	}
	g.Use(m)
	if j.audit, err = audit.Open(j.log, "all", audit.Chained(), audit.Required(), audit.Timeouts(2*time.Minute, 2*time.Minute)); err != nil {
		t.Fatal(err)
	}
	j.serve(g)
	return j
}

func (j *jumping) serve(g *gateway.Gateway) {
	callers := new(server.Callers)
	callers.Set(nil)
	s := server.New(server.Options{
		Gateway: g, Callers: callers, Audit: j.audit, Metrics: server.NewMetrics("drill", "drill"), Log: zerolog.Nop(),
		Endpoints: map[string]*dialect.Dialect{"/authz": minio.Dialect}, MaxBody: 1 << 20, MaxConnections: 100,
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		j.t.Fatal(err)
	}
	j.url = "http://" + ln.Addr().String() + "/authz"
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ln, nil) }()
	j.t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			j.t.Error(err)
		}
		if err := <-ended; err != nil {
			j.t.Errorf("the server ended with %v", err)
		}
	})
}

// token returns a token of alice's session, valid between the offsets from and to from now.
func (j *jumping) token(session string, from, to time.Duration) string {
	now := time.Now()
	return j.issuer.Token(map[string]any{
		"iss": j.issuer.URL(), "sub": "u1", "aud": "minio", "preferred_username": "alice", "groups": []string{"readers"}, "sid": session,
		"iat": now.Add(from).Unix(), "nbf": now.Add(from).Unix(), "exp": now.Add(to).Unix(),
	})
}

func (j *jumping) ask(account, token string) answer {
	j.t.Helper()
	conditions := map[string][]string{}
	if token != "" {
		conditions["authentik_token"] = []string{token}
	}
	body, err := json.Marshal(map[string]any{"input": map[string]any{
		"account": account, "action": "s3:GetObject", "bucket": "b", "object": "o", "conditions": conditions, "claims": map[string]any{},
	}})
	if err != nil {
		j.t.Fatal(err)
	}
	_, a, err := ask(once, j.url, string(body))
	if err != nil {
		j.t.Fatal(err)
	}
	return a
}

// The clock jumps and jumps back. Entries cached under the other clock cause no wrong allow. A token or a
// grant that has expired under either clock stays expired, and a session that has ended stays ended.
func TestTheClockJumpsTenMinutes(t *testing.T) {
	for _, jump := range []time.Duration{10 * time.Minute, -10 * time.Minute} {
		t.Run(jump.String(), func(t *testing.T) { jumps(t, jump) })
	}
}

func jumps(t *testing.T, jump time.Duration) {
	at := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }
	j := startJumping(t, fmt.Sprintf(`version = 1
[[group]]
name = "readers"
policies = ["readonly"]
[[account]]
name = "until soon"
policies = ["readonly"]
expires = %s
[[account]]
name = "until lately"
policies = ["readonly"]
expires = %s
`, at(5*time.Minute), at(-5*time.Minute)))
	j.revocations.End(&revocation.Logout{Issuer: "authentik", Subject: "u1", Session: "ended", ID: "1", IssuedAt: time.Now(), Expires: time.Now().Add(time.Hour)})
	const (
		allow   = gateway.PolicyAllow
		expired = gateway.TokenExpired
		early   = gateway.TokenNotYetValid
		revoked = gateway.TokenRevoked
		none    = gateway.NoPolicy
	)
	type answers [3]gateway.Reason // before the jump, after it, and when the clock is right again
	cases := []struct {
		name, account, token string
		ahead, behind        answers
	}{
		{"a token of now", "k", j.token("s", 0, time.Hour), answers{allow, allow, allow}, answers{allow, early, allow}},
		{"a token of an hour", "k", j.token("s", -time.Hour, time.Hour), answers{allow, allow, allow}, answers{allow, allow, allow}},
		{"a token that expires soon", "k", j.token("s", -time.Hour, 5*time.Minute), answers{allow, expired, expired}, answers{allow, allow, allow}},
		{"a token that has expired", "k", j.token("s", -time.Hour, -5*time.Minute), answers{expired, expired, expired}, answers{expired, expired, expired}},
		{"a token of the future", "k", j.token("s", 5*time.Minute, time.Hour), answers{early, allow, early}, answers{early, early, early}},
		{"a session that has ended", "k", j.token("ended", -time.Hour, time.Hour), answers{revoked, revoked, revoked}, answers{revoked, revoked, revoked}},
		{"a grant that expires soon", "until soon", "", answers{allow, none, none}, answers{allow, allow, allow}},
		{"a grant that has expired", "until lately", "", answers{none, none, none}, answers{none, none, none}},
	}
	for moment, offset := range []time.Duration{0, jump, 0} {
		j.offset.Store(int64(offset))
		for _, c := range cases {
			want := c.ahead[moment]
			if jump < 0 {
				want = c.behind[moment]
			}
			for range 2 { // the second answer comes from the caches
				if got := j.ask(c.account, c.token); got.reason != string(want) || got.allow != want.Allows() {
					t.Errorf("%s, with the clock %s off: %+v, want %s", c.name, offset, got, want)
				}
			}
		}
	}
	if err := j.audit.Close(); err != nil {
		t.Fatal(err)
	}
	r := verify(t, j.log, "--expect-head", j.audit.State().Head)
	r.whole(t)
	if want := 3 * 2 * len(cases); r.Chained != want {
		t.Errorf("%d lines for %d answers", r.Chained, want)
	}
}
