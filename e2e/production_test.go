package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/claimgate/claimgate/e2e/internal/stack"
)

const (
	storeUp    = "claimgate_revocation_store_up"
	storeSyncs = `claimgate_revocation_store_syncs_total{outcome="ok"}`
	logFile    = "decisions.jsonl"
)

// The recommended set-up: two replicas share logouts through Redis. A session that
// logs out at one replica is denied by the other as soon as Redis publishes the
// logout; other sessions go on. No answer changes if Redis dies and comes back empty,
// or if a replica is killed. The chained logs are complete.
func TestProductionSetUp(t *testing.T) {
	t.Parallel()
	o, err := stack.Production()
	if err != nil {
		t.Fatal(err)
	}
	o.Env["CLAIMGATE_AUDIT_OUTPUT"] = "/etc/claimgate/" + logFile
	o.Files = map[string]string{logFile: ""}
	s := seeded(t, o)
	one, two := s.Gateway(0), s.Gateway(1)
	desk, phone, laptop := login(t, s, "desk"), login(t, s, "phone"), login(t, s, "laptop")
	ending := map[string]credentials.Value{"desk": desk, "tablet": login(t, s, "tablet"), "kiosk": login(t, s, "kiosk")}
	all := grant{list: true, get: true, put: true}
	for _, g := range []*stack.Gateway{one, two} {
		use(t, s, g)
		for _, session := range []credentials.Value{desk, phone, laptop, ending["tablet"], ending["kiosk"]} {
			all.check(t, viaS3(s.S3(session)))
		}
	}

	t.Run("a logout at one replica reaches the other at once", func(t *testing.T) {
		// Redis publishes each logout. A replica that missed the publication would
		// learn of the logout when it synchronizes, every half a minute. So this
		// counts synchronizations: how long a logout takes depends on the machine.
		published := 0
		for sid, session := range ending {
			before := two.Metric(storeSyncs)
			logOut(t, s, one, sid)
			becomes(t, "a get of the session that has ended", viaS3(s.S3(session)).get, false)
			if two.Metric(storeSyncs) == before {
				published++
			}
		}
		if published < len(ending)-1 { // a scheduled synchronization may come between
			t.Errorf("%d of %d logouts reached the other replica before it synchronized", published, len(ending))
		}
		for _, g := range []*stack.Gateway{one, two} {
			use(t, s, g)
			grant{}.check(t, viaS3(s.S3(desk)))
			all.check(t, viaS3(s.S3(phone)))
		}
	})

	t.Run("Redis dies and comes back empty", func(t *testing.T) {
		use(t, s, one, two)
		users := startLoad(t, s)
		s.KillRedis()
		waitStore(t, 0, one, two)
		users.goOn(t)
		for _, g := range []*stack.Gateway{one, two} {
			// Otherwise a balancer would turn an outage of Redis into one of MinIO.
			if _, ready := g.Ready(t.Context()); !ready {
				t.Error("a replica without Redis says that it is not ready")
			}
		}
		logOut(t, s, one, "phone")
		s.StartRedis()
		waitStore(t, 1, one, two)
		users.goOn(t)
		users.stop(t)

		use(t, s, two)
		becomes(t, "a get of the session that ended during the outage", viaS3(s.S3(phone)).get, false)
		for _, g := range []*stack.Gateway{one, two} {
			use(t, s, g)
			grant{}.check(t, viaS3(s.S3(desk)))
			grant{}.check(t, viaS3(s.S3(phone)))
			all.check(t, viaS3(s.S3(laptop)))
		}
	})

	// A replica's counters end with its process, its log does not.
	decided := map[*stack.Gateway]int{}
	t.Run("a replica that was killed learns of the logouts again", func(t *testing.T) {
		decided[two] = two.Decided()
		two.Kill()
		two.Start()
		use(t, s, two)
		grant{}.check(t, viaS3(s.S3(desk)))
		grant{}.check(t, viaS3(s.S3(phone)))
		all.check(t, viaS3(s.S3(laptop)))
	})

	t.Run("the decision logs are complete", func(t *testing.T) {
		for _, g := range []*stack.Gateway{one, two} {
			if code, out := g.Exec("audit", "verify", "/etc/claimgate/"+logFile); code != 0 {
				t.Errorf("exit code %d: %s", code, out)
			}
			text := g.ReadFile(logFile)
			want := decided[g] + g.Decided()
			if got := strings.Count(text, "\n"); got != want || got == 0 {
				t.Errorf("the log has %d lines of %d decisions", got, want)
			}
			// A deny becomes an allow.
			changed := strings.Replace(text, `"allow":false`, `"allow":true`, 1)
			g.WriteFiles(map[string]string{"changed.jsonl": changed})
			if code, out := g.Exec("audit", "verify", "/etc/claimgate/changed.jsonl"); code != 1 {
				t.Errorf("a changed log: exit code %d: %s", code, out)
			}
			for _, secret := range []string{desk.SessionToken, phone.SessionToken, "e2e-redis-password"} {
				if strings.Contains(text+g.Log(), secret) {
					t.Error("claimgate has written a secret")
				}
			}
		}
	})
}

// login returns a session of alice with the given sid. The id_token and the token
// inside it have this sid, as after a login with the authorization code flow.
func login(t *testing.T, s *stack.Stack, sid string) credentials.Value {
	t.Helper()
	claims := s.Claims(s.Login("alice", stack.AllScopes).ID)
	inner := s.Claims(claims["authentik_token"].(string))
	claims["sid"], inner["sid"] = sid, sid
	claims["authentik_token"] = s.Sign(inner)
	session, err := s.Session(s.Sign(claims))
	if err != nil {
		t.Fatalf("AssumeRoleWithWebIdentity for alice: %v", err)
	}
	return session
}

// logOut sends a replica a logout token for a session, as Authentik does.
func logOut(t *testing.T, s *stack.Stack, g *stack.Gateway, sid string) {
	t.Helper()
	claims := s.Claims(s.Login("alice", stack.NoEvidence).ID)
	token := s.Sign(map[string]any{
		"iss": claims["iss"], "aud": claims["aud"], "sub": claims["sub"], "sid": sid,
		"iat": claims["iat"], "exp": claims["exp"], "jti": "the end of " + sid,
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	})
	form := url.Values{"logout_token": {token}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+g.Address()+"/backchannel-logout", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := s.HTTPClient().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("the answer to a logout token is %s", res.Status)
	}
}

// use makes MinIO ask only these replicas. MinIO may send its first question on a
// connection that has just been closed, so that root asks first.
func use(t *testing.T, s *stack.Stack, gateways ...*stack.Gateway) {
	t.Helper()
	if err := s.Use(gateways...); err != nil {
		t.Fatal(err)
	}
	becomes(t, "root's get", viaS3(s.S3(s.Root())).get, true)
}

// waitStore waits until every replica reports Redis as up (1) or down (0).
func waitStore(t *testing.T, up float64, gateways ...*stack.Gateway) {
	t.Helper()
	eventually(t, func() error {
		for i, g := range gateways {
			if got := g.Metric(storeUp); got != up {
				return fmt.Errorf("replica %d says %s %v, want %v", i, storeUp, got, up)
			}
		}
		return nil
	})
}
