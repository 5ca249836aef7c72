package gateway_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/dialect/minio"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/fixtures"
	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/internal/testsupport/leaks"
	"github.com/claimgate/claimgate/internal/testsupport/testgate"
	"github.com/claimgate/claimgate/verifier"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	leaks.Main(m, goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"))
}

const rules = `
version = 1
[claim]
name  = "policy"
allow = ["readonly", "readwrite", "writeonly"]
[[group]]
name     = "MinIO admins"
policies = ["consoleAdmin"]
[[group]]
name     = "devs"
policies = ["readwrite"]
[[account]]
name     = "alice"
policies = ["readonly"]
[[account]]
name     = "scraper"
policies = ["diagnostics"]
[[account]]
name     = "rootadmin"
policies = ["writeonly"]
[[policy]]
name     = "no-secrets"
document = '''{"Version":"2012-10-17","Statement":[
  {"Sid":"Secrets","Effect":"Deny","Action":["s3:*"],"Resource":["arn:aws:s3:::secrets/*"]},
  {"Sid":"Read","Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::*"]}]}'''
[[group]]
name     = "careful"
policies = ["no-secrets"]
[[policy]]
name     = "by-address"
document = '''{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::*"],"Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}},
  {"Effect":"Allow","Action":["s3:PutObject"],"Resource":["arn:aws:s3:::home/${jwt:preferred_username}/*"]}]}'''
[[group]]
name     = "office"
policies = ["by-address"]
[[policy]]
name     = "immutable"
document = '''{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["s3:DeleteObject"],"Resource":["arn:aws:s3:::backups/*"]}]}'''
[[guard]]
name     = "backups are immutable"
policy   = "immutable"
except_groups = ["break-glass"]
`

// gate is a running gateway under rules, and the test that uses it.
type gate struct {
	*testgate.Gate
	t testing.TB
}

type change = testgate.Change

func newGate(t testing.TB, changes ...change) *gate {
	t.Helper()
	g := &gate{testgate.New(t, changes...), t}
	g.use(rules)
	return g
}

func attested(o *gateway.Options, _ *verifier.Issuer, _ *verifier.Options) {
	o.Evidence.AttestedClaims = true
}

func staticAny(o *gateway.Options, _ *verifier.Issuer, _ *verifier.Options) {
	o.Evidence.StaticCredentials = gateway.StaticAny
}

func staticDeny(o *gateway.Options, _ *verifier.Issuer, _ *verifier.Options) {
	o.Evidence.StaticCredentials = gateway.StaticDeny
}

func evaluateOwner(o *gateway.Options, _ *verifier.Issuer, _ *verifier.Options) {
	o.EvaluateOwner = true
}

func accountAge(d time.Duration) change {
	return func(o *gateway.Options, _ *verifier.Issuer, _ *verifier.Options) { o.Evidence.ServiceAccountMaxAge = d }
}

// use puts a mapping text in force.
func (g *gate) use(text string) {
	g.t.Helper()
	g.UseText(g.t, text)
}

// input is the "input" of a question that a test builds. decide encodes it as MinIO does.
type input map[string]any

func ask(account, action, bucket, object string) input {
	return input{
		"account": account, "groups": nil, "action": action, "originalAction": "", "bucket": bucket, "object": object,
		"owner": false, "denyOnly": false, "claims": map[string]any{},
		"conditions": map[string]any{"SourceIp": []any{"127.0.0.1"}, "username": []any{account}},
	}
}

// recorded returns the question of a line of the fixtures.
func recorded(t testing.TB, line int) input { return fixtures.Input(t, line) }

func (in input) claims() map[string]any {
	if m, ok := in["claims"].(map[string]any); ok {
		return m
	}
	return map[string]any{}
}

func (in input) conditions() map[string]any { return in["conditions"].(map[string]any) }

func (in input) with(name string, v any) input { in[name] = v; return in }

func (in input) claim(name string, v any) input { in.claims()[name] = v; return in }

func (in input) noClaim(name string) input { delete(in.claims(), name); return in }

func (in input) condition(name string, values ...any) input {
	in.conditions()[name] = values
	return in
}

// token adds a token under the name that MinIO gives the session's claim in conditions.
func (in input) token(token string) input { return in.condition("authentik_token", token) }

// session makes the question one of an OpenID Connect session.
func (g *gate) session(in input, sub string) input {
	in.claim("iss", g.Issuer.URL()).claim("sub", sub)
	in.claim("aud", "minio").claim("exp", time.Now().Add(time.Hour).Unix()).claim("iat", time.Now().Unix())
	return in
}

// claimsFor returns the claims of a good token for sub with the groups.
func (g *gate) claimsFor(sub string, groups ...string) map[string]any {
	if groups == nil {
		groups = []string{}
	}
	return map[string]any{
		"iss": g.Issuer.URL(), "sub": sub, "aud": "minio", "preferred_username": sub, "groups": groups,
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	}
}

// sign returns a token with the claims for sub. pairs are names and values of claims to set. A nil value
// removes the claim.
func (g *gate) sign(sub string, groups []string, pairs ...any) string {
	claims := g.claimsFor(sub, groups...)
	for i := 0; i < len(pairs); i += 2 {
		name := pairs[i].(string)
		if pairs[i+1] == nil {
			delete(claims, name)
		} else {
			claims[name] = pairs[i+1]
		}
	}
	return g.Issuer.Token(claims)
}

// decoded returns the request that the dialect decodes from the question.
func decoded(tb testing.TB, in input) gateway.Request {
	tb.Helper()
	body, err := json.Marshal(map[string]any{"input": in})
	if err != nil {
		tb.Fatal(err)
	}
	req, err := minio.Decode(body, new(strictjson.Document))
	if err != nil {
		tb.Fatal(err)
	}
	return req
}

// decide encodes the question and lets the dialect decode it, as the server does.
func (g *gate) decide(in input) gateway.Decision {
	g.t.Helper()
	body, err := json.Marshal(map[string]any{"input": in})
	if err != nil {
		g.t.Fatal(err)
	}
	return g.decideBody(body)
}

func (g *gate) decideBody(body []byte) gateway.Decision {
	g.t.Helper()
	req, err := minio.Decode(body, new(strictjson.Document))
	if err != nil {
		g.t.Fatalf("the question does not decode: %v", err)
	}
	d := g.Decide(g.t.Context(), &req)
	// The server uses the memory of the request again, so the decision's reason must not depend on it.
	for i := range body {
		body[i] = 'x'
	}
	return d
}

func (g *gate) expect(name string, in input, want gateway.Reason) gateway.Decision {
	g.t.Helper()
	d := g.decide(in)
	if d.Reason != want {
		g.t.Errorf("%s: %s (%s), want %s", name, d.Reason, d.Detail, want)
	}
	if d.Allow() != want.Allows() {
		g.t.Errorf("%s: allow is %v for %s", name, d.Allow(), d.Reason)
	}
	if d.ID == (gateway.ID{}) {
		g.t.Errorf("%s: the decision has no id", name)
	}
	return d
}

func sessionPolicy(doc string) string { return base64.StdEncoding.EncodeToString([]byte(doc)) }

func contains(s, part string) bool { return strings.Contains(s, part) }
