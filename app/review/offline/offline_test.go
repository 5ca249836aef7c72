package offline_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/audit"
	"github.com/claimgate/claimgate/app/dialect/minio"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/app/review/explain"
	"github.com/claimgate/claimgate/app/review/offline"
	"github.com/claimgate/claimgate/internal/fixtures"
	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/internal/testsupport/testgate"
	"github.com/claimgate/claimgate/verifier"
	"github.com/google/go-cmp/cmp"
)

const rules = `
version = 1
[claim]
allow = ["readonly", "writeonly"]
[[group]]
name     = "devs"
policies = ["readwrite", "by-address"]
issuer   = "authentik"
[[group]]
match    = "team-{bucket}"
policies = ["own"]
[[account]]
name     = "alice"
policies = ["by-address"]
[[account]]
name     = "rootadmin"
policies = ["writeonly"]
[[policy]]
name     = "own"
document = '''{"Version":"2012-10-17","Statement":[
  {"Sid":"Own","Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::${group:bucket}/*"]}]}'''
[[policy]]
name     = "by-address"
document = '''{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":["s3:GetObject","s3:ListAllMyBuckets"],"Resource":["arn:aws:s3:::*"],"Condition":{"IpAddress":{"aws:SourceIp":"127.0.0.0/8"}}},
  {"Sid":"Homes","Effect":"Deny","Action":["s3:PutObject"],"Resource":["arn:aws:s3:::*/${jwt:preferred_username}/*"]}]}'''
[[policy]]
name     = "immutable"
document = '''{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["s3:DeleteObject*"],"Resource":["arn:aws:s3:::bkt1/*"]}]}'''
[[guard]]
name     = "bkt1 is immutable"
policy   = "immutable"
except_groups = ["break-glass"]
`

// live is a running gateway, as it answers MinIO.
type live struct {
	*testgate.Gate
	evidence gateway.Evidence
}

func newLive(t *testing.T, e gateway.Evidence) *live {
	t.Helper()
	g := testgate.New(t, func(o *gateway.Options, _ *verifier.Issuer, _ *verifier.Options) {
		e.Keys = o.Evidence.Keys
		o.Evidence = e
	})
	g.UseText(t, rules)
	return &live{g, e}
}

func (l *live) offline(t *testing.T) *offline.Gate {
	t.Helper()
	gate, err := offline.New(offline.Options{
		Mapping: l.Mapping(), Evidence: l.evidence,
		Issuers: []offline.Issuer{{Name: "authentik", URL: l.Issuer.URL(), UsernameClaim: "preferred_username"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(gate.Close)
	return gate
}

// questions returns the recorded bodies, as they were sent and again with tokens of the test issuer in place of
// the expired ones.
func (l *live) questions(t *testing.T) [][]byte {
	t.Helper()
	var all [][]byte
	tokens := map[string]string{} // signing is slow
	for _, call := range fixtures.Calls(t) {
		if call.Body == nil || (call.Line > 100 && call.Line%sparse != 0) { // the rare bodies are in the first 100 lines
			continue
		}
		all = append(all, bytes.Clone(call.Body))
		in := fixtures.Input(t, call.Line)
		in["owner"] = false
		claims, _ := in["claims"].(map[string]any)
		if claims == nil {
			continue
		}
		sub, isSession := claims["sub"].(string)
		if isSession {
			claims["iss"] = l.Issuer.URL()
		} else {
			sub = "alice"
		}
		for i, policies := range []string{"readonly,secret", "", "secret"} {
			groups := [][]string{{"devs"}, {"devs", "break-glass", "team-bkt1"}, {}}[i]
			name := sub + policies
			if tokens[name] == "" {
				tokens[name] = l.Issuer.Token(map[string]any{
					"iss": l.Issuer.URL(), "sub": sub, "aud": "minio", "preferred_username": sub, "groups": groups, "policy": policies,
					"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
				})
			}
			in["conditions"].(map[string]any)["authentik_token"] = []string{tokens[name]}
			body, err := json.Marshal(map[string]any{"input": in})
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, body)
		}
	}
	return all
}

// For every recorded body, offline and the live gateway give the same answer, with the same reason, rule and
// statement.
func TestOfflineAnswersAreTheLiveOnes(t *testing.T) {
	l := newLive(t, gateway.Evidence{StaticCredentials: gateway.StaticMatch})
	gate := l.offline(t)
	reasons := map[gateway.Reason]int{}
	for _, body := range l.questions(t) {
		r, err := minio.Decode(bytes.Clone(body), new(strictjson.Document))
		if err != nil {
			t.Fatal(err)
		}
		want := explain.Decide(t.Context(), l.Gateway, &r)
		got := gate.Explain(t.Context(), body)
		reasons[want.Reason]++
		if want.Reason == gateway.TokenIssuer || got.Reason == gateway.TokenIssuer {
			want.Hint, got.Hint, want.Opposite, got.Opposite = "", "", nil, nil
			want.Detail, got.Detail = "", ""
		}
		for _, x := range []*explain.Explanation{&want, &got} {
			for i := range x.Steps {
				if s := &x.Steps[i]; s.Step == "token" || s.Step == "revocation" {
					s.Detail = ""
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s\nlive -, offline +:\n%s", body, diff)
		}
	}
	for _, reason := range []gateway.Reason{
		gateway.PolicyAllow, gateway.PolicyImplicitDeny, gateway.PolicyExplicitDeny, gateway.GuardDeny, gateway.NoToken,
		gateway.SessionPolicyDeny, gateway.Owner, gateway.DenyOnly, gateway.TokenBinding, gateway.NoPolicy, gateway.TokenAmbiguous,
	} {
		if reasons[reason] == 0 {
			t.Errorf("no question ends with %s: %v", reason, reasons)
		}
	}
}

// A line of the decision log holds enough to decide the request again, with the same answer.
func TestALineOfTheDecisionLogIsDecidedAgain(t *testing.T) {
	l := newLive(t, gateway.Evidence{StaticCredentials: gateway.StaticAny})
	gate := l.offline(t)
	path := filepath.Join(t.TempDir(), "decisions.jsonl")
	log, err := audit.Open(path, "all")
	if err != nil {
		t.Fatal(err)
	}
	var bodies [][]byte
	for _, body := range l.questions(t) {
		r, err := minio.Decode(bytes.Clone(body), new(strictjson.Document))
		if err != nil {
			t.Fatal(err)
		}
		d := l.Decide(t.Context(), &r)
		if err := log.Write(&audit.Entry{Time: time.Now(), Request: &r, Decision: &d, Status: 200}); err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, body)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != len(bodies) {
		t.Fatalf("%d lines for %d questions", len(lines), len(bodies))
	}
	for i, line := range lines {
		recorded, err := offline.Read([]byte(line))
		if err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		x, err := gate.ExplainLine(t.Context(), recorded.Line)
		if err != nil {
			t.Fatal(err)
		}
		if x.Reason != recorded.Line.Reason || x.Allow != recorded.Line.Allow {
			t.Fatalf("%s\n%s\nrecorded %s, decided again %s: %s", bodies[i], line, recorded.Line.Reason, x.Reason, x.Detail)
		}
		if rule := x.Rule; rule != nil && (rule.Name != recorded.Line.Rule || rule.Line != recorded.Line.RuleLine) {
			t.Fatalf("%s\ndecided again by another rule: %+v", line, rule)
		}
	}
}

func TestWhatIsNoRequestIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "there is no request",
		"  \n":                    "there is no request",
		"{":                       "line 1, column 2: not one strict JSON value",
		"{}\n{}":                  "line 2, column 1: not one strict JSON value",
		`{"a":1}`:                 "neither a webhook's body",
		`[]`:                      "neither a webhook's body",
		`{"reason":"x","line":`:   "not one strict JSON value",
		`{"reason":"x","time":1}`: "a line of the decision log",
	} {
		if _, err := offline.Read([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
