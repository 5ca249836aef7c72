package serve

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/app/demo"
	"github.com/claimgate/claimgate/app/demo/issuer"
	"github.com/claimgate/claimgate/internal/testsupport/wait"
)

const usersReadAndWrite = "version = 1\n[[group]]\nname = \"MinIO users\"\npolicies = [\"readwrite\"]\nreason = \"t\"\nowner = \"t\"\n"

// questionWith returns MinIO's request body for a session of alice with a token.
func (l *live) questionWith(token string) []byte {
	l.t.Helper()
	alice, _ := l.iss.User("alice")
	claims := l.iss.IDClaims(alice)
	claims["accessKey"] = "S1"
	body, err := json.Marshal(map[string]any{"input": map[string]any{
		"account": "S1", "action": "s3:GetObject", "bucket": "b", "object": "o", "claims": claims,
		"conditions": map[string]any{"authentik_token": []string{token}},
	}})
	if err != nil {
		l.t.Fatal(err)
	}
	return body
}

func (l *live) reason(body []byte) string {
	l.t.Helper()
	_, reason, err := demo.Ask(l.t.Context(), l.URL(), body)
	if err != nil {
		l.t.Fatal(err)
	}
	return string(reason)
}

// becomes waits until a question has the reason. The gateway waits two seconds for the issuer, and then decides by
// on_error: on a busy machine one answer proves nothing.
func (l *live) becomes(what, want string, question []byte) {
	l.t.Helper()
	wait.Until(l.t, what+": "+want, func() bool { return l.reason(question) == want })
}

func startIntrospecting(t *testing.T, secret, onError string) *live {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := start(t,
		"CLAIMGATE_ISSUER_0_INTROSPECTION_CLIENT_ID=minio", "CLAIMGATE_ISSUER_0_INTROSPECTION_CLIENT_SECRET_FILE="+file,
		"CLAIMGATE_ISSUER_0_INTROSPECTION_TTL=1s", "CLAIMGATE_ISSUER_0_INTROSPECTION_ON_ERROR="+onError,
	)
	l.write("mapping.toml", usersReadAndWrite)
	wait.Until(t, "the new mapping", func() bool {
		_, body := l.get("/metrics")
		return strings.Contains(body, `mapping_reloads_total{outcome="ok"} 2`)
	})
	return l
}

func TestATokenThatTheIssuerRevokedIsDenied(t *testing.T) {
	l := startIntrospecting(t, issuer.DefaultClientSecret, "deny")
	alice, _ := l.iss.User("alice")
	token, other := l.iss.AccessToken(alice), l.iss.AccessToken(alice)
	question := l.questionWith(token)
	l.becomes("a token that lives", "policy_allow", question)
	l.iss.Revoke(token)
	l.becomes("the token that was revoked", "token_revoked", question)
	l.becomes("another token of the user", "policy_allow", l.questionWith(other))
	if _, body := l.get("/metrics"); !strings.Contains(body, `claimgate_introspections_total{issuer="authentik",outcome="inactive"} `) {
		t.Error("/metrics does not count the answers")
	}
}

func TestIntrospectionWithAWrongSecret(t *testing.T) {
	const wrong = "c4nary-wrong-secret"
	l := startIntrospecting(t, wrong, "allow")
	alice, _ := l.iss.User("alice")
	// Authentik answers as for an unknown token, so on_error = "allow" has no effect.
	l.becomes("a token that lives", "token_revoked", l.questionWith(l.iss.AccessToken(alice)))
	_, ready := l.get("/readyz")
	l.program.mu.Lock()
	defer l.program.mu.Unlock()
	if strings.Contains(l.program.text.String()+ready, wrong) {
		t.Error("the client's secret is shown")
	}
}

func TestIntrospectionWhileTheIssuerIsDown(t *testing.T) {
	for onError, want := range map[string]string{"deny": "revocation_unknown", "allow": "policy_allow"} {
		l := startIntrospecting(t, issuer.DefaultClientSecret, onError)
		alice, _ := l.iss.User("alice")
		token, revoked := l.iss.AccessToken(alice), l.iss.AccessToken(alice)
		l.iss.Revoke(revoked)
		before, gone := l.questionWith(token), l.questionWith(revoked)
		l.becomes("before the outage", "policy_allow", before)
		l.becomes("before the outage", "token_revoked", gone)
		if err := l.iss.Close(); err != nil {
			t.Fatal(err)
		}
		wait.Until(t, "the outage is seen", func() bool {
			l.reason(before)
			_, body := l.get("/readyz")
			return strings.Contains(body, `"introspection":{`) && strings.Contains(body, "connection refused")
		})
		l.becomes("with an answer that is too old", want, before)
		if got := l.reason(gone); got != "token_revoked" {
			t.Errorf("%s: an outage brought a revoked token back: %s", onError, got)
		}
		// /readyz shows the outage before the log has its line.
		said := func() int { return l.program.count("does not answer introspection") }
		wait.Until(t, "the log says so", func() bool { return said() > 0 })
		// On a busy machine the issuer can also be too slow before the outage.
		if n := said() - l.program.count("answers introspection again"); n != 1 {
			t.Errorf("%s: the log says so %d times, want once", onError, n)
		}
	}
}
