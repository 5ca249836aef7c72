package gateway_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/dialect/rustfs"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/fixtures"
	"github.com/claimgate/claimgate/internal/parent"
	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/verifier"
	"pgregory.net/rapid"
)

// inRustFS returns the same question in the form of RustFS. The claims of a login are those that RustFS
// writes: an iss of its own, and a parent that says whose login it was.
func inRustFS(in input) map[string]any {
	claims := map[string]any{}
	for name, v := range in.claims() {
		claims[name] = v
	}
	iss, _ := claims["iss"].(string)
	if sub, ok := claims["sub"].(string); ok && iss != "" {
		own := map[string]any{"sub": sub, "iss": "rustfs-oidc", "oidc_provider": "default", "parent": parent.RustFS(iss, sub).String(), "policy": "chosen-by-rustfs"}
		for _, name := range []string{"email", "preferred_username", "groups", "exp", "sessionPolicy", "sa-policy"} {
			if v, there := claims[name]; there {
				own[name] = v
			}
		}
		claims = own
	}
	conditions := map[string]any{}
	for name, v := range in.conditions() {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-") || strings.Contains(lower, "-") && name != "max-keys" {
			name = strings.TrimPrefix(lower, "x-amz-object-lock-")
			if name != lower {
				name = "object-lock-" + name
			}
		}
		conditions[name] = v
	}
	bucket, object := in["bucket"].(string), in["object"].(string)
	arn := "arn:aws:s3:::" + bucket
	if object != "" {
		arn += "/" + object
	}
	return map[string]any{
		"identity": map[string]any{"account": in["account"], "groups": []any{}, "is_owner": in["owner"], "claims": claims},
		"resource": map[string]any{"bucket": bucket, "object": object, "arn": arn},
		"action":   in["action"],
		"context":  map[string]any{"conditions": conditions, "deny_only": in["denyOnly"], "timestamp": "2026-11-21T12:00:00+00:00"},
	}
}

// claimsOf returns the claims of a RustFS question.
func claimsOf(question map[string]any) map[string]any {
	return question["identity"].(map[string]any)["claims"].(map[string]any)
}

func conditionsOf(question map[string]any) map[string]any {
	return question["context"].(map[string]any)["conditions"].(map[string]any)
}

func (g *gate) decideRustFS(question map[string]any) gateway.Decision {
	g.t.Helper()
	body, err := json.Marshal(map[string]any{"input": question})
	if err != nil {
		g.t.Fatal(err)
	}
	req, err := rustfs.Decode(body, new(strictjson.Document))
	if err != nil {
		g.t.Fatalf("the question does not decode: %v\n%s", err, body)
	}
	d := g.Decide(g.t.Context(), &req)
	for i := range body {
		body[i] = 'x'
	}
	return d
}

// providers configures the test's issuer as RustFS's provider "default".
func providers(o *gateway.Options, i *verifier.Issuer, _ *verifier.Options) {
	o.Providers = map[string]gateway.Provider{"default": {Issuer: i.URL, Audience: "minio"}}
}

// A question of MinIO and the same question of RustFS get the same answer if the token is in the header. The
// questions are the recorded ones, with other people, groups and credentials. What a client adds under other
// names changes no answer.
func TestRustFSIsAnsweredAsMinIO(t *testing.T) {
	gates := []*gate{newGate(t), newGate(t, staticAny), newGate(t, staticDeny), newGate(t, accountAge(time.Hour), providers), newGate(t, attested, providers)}
	calls := len(fixtures.Calls(t))
	rapid.Check(t, func(rt *rapid.T) {
		g := rapid.SampledFrom(gates).Draw(rt, "gate")
		in := recorded(t, rapid.IntRange(2, calls).Draw(rt, "line"))
		for _, name := range []string{"authentik_token", "X-Authentik-Jwt"} {
			delete(in.conditions(), name)
		}
		sub, _ := in.claims()["sub"].(string)
		if in["claims"] != nil && rapid.Bool().Draw(rt, "a login") {
			sub = rapid.SampledFrom([]string{"bob", "ada", "rootadmin"}).Draw(rt, "subject")
			delete(in.claims(), "sid")
			g.session(in, sub)
			if rapid.Bool().Draw(rt, "an access key") {
				in.noClaim("exp").claim("sa-policy", "inherited-policy").claim("parent", parent.MinIO(g.Issuer.URL(), sub).String())
			}
		} else if sub != "" {
			in.claim("iss", g.Issuer.URL())
			if _, key := in.claims()["sa-policy"]; key {
				in.claim("parent", parent.MinIO(g.Issuer.URL(), sub).String())
			}
		}
		if rapid.Bool().Draw(rt, "a session policy") && in["claims"] != nil {
			in.claim("sessionPolicy", sessionPolicy(rapid.SampledFrom([]string{`{}`, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*"],"Resource":["arn:aws:s3:::*"]}]}`, `x`}).Draw(rt, "policy")))
		}
		if rapid.Bool().Draw(rt, "a token") {
			who := rapid.SampledFrom([]string{sub, sub, sub, "ada", in["account"].(string)}).Draw(rt, "of")
			groups := []string{rapid.SampledFrom([]string{"devs", "careful", "office", "nobody", "MinIO admins"}).Draw(rt, "group")}
			in.condition("X-Authentik-Jwt", g.sign(who, groups))
		}
		question := inRustFS(in)
		want := g.decide(in)
		got := g.decideRustFS(question)
		if g == gates[4] && want.Attested {
			// The answers may differ: RustFS's own policy claim does not count, and its access keys have no iat.
			return
		}
		if got.Reason != want.Reason {
			rt.Fatalf("RustFS is answered %s (%s), MinIO %s (%s)\n%v", got.Reason, got.Detail, want.Reason, want.Detail, question)
		}
		name := rapid.OneOf(rapid.SampledFrom(smuggledNames), rapid.String()).Draw(rt, "smuggled")
		if _, there := conditionsOf(question)[name]; there || slices.Contains([]string{"x-authentik-jwt", "authentik_token", "SourceIp"}, name) {
			return // in RustFS no header changes a name that is there, and a second token is refused
		}
		conditionsOf(question)[name] = []any{rapid.SampledFrom(smuggledValues).Draw(rt, "value")}
		if after := g.decideRustFS(question); after.Reason != got.Reason {
			rt.Fatalf("%q turned %s into %s", name, got.Reason, after.Reason)
		}
	})
}

// A token counts beside a RustFS session only if the session's parent is made of the token's sub and iss.
func TestRustFSBindsByItsOwnParent(t *testing.T) {
	plain, named := newGate(t), newGate(t, providers)
	other := newGate(t, func(o *gateway.Options, _ *verifier.Issuer, _ *verifier.Options) {
		o.Providers = map[string]gateway.Provider{"default": {Issuer: "https://other.example/", Audience: "minio"}}
	})
	ask := func(g *gate, change ...func(claims, conditions map[string]any)) map[string]any {
		in := g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").condition("X-Authentik-Jwt", g.sign("bob", []string{"devs"}))
		q := inRustFS(in)
		for _, c := range change {
			c(claimsOf(q), conditionsOf(q))
		}
		return q
	}
	claim := func(name string, v any) func(claims, conditions map[string]any) {
		return func(claims, _ map[string]any) {
			if v == nil {
				delete(claims, name)
				return
			}
			claims[name] = v
		}
	}
	token := func(values ...any) func(claims, conditions map[string]any) {
		return func(_, conditions map[string]any) { conditions["x-authentik-jwt"] = append([]any{}, values...) }
	}
	url := plain.Issuer.URL()
	for _, c := range []struct {
		name string
		g    *gate
		q    map[string]any
		want gateway.Reason
	}{
		{"the person's own", plain, ask(plain), gateway.PolicyAllow},
		{"the person's own, provider named", named, ask(named), gateway.PolicyAllow},
		{"the same token twice", plain, func() map[string]any { s := plain.sign("bob", []string{"devs"}); return ask(plain, token(s, s)) }(), gateway.PolicyAllow},
		{"two tokens", plain, ask(plain, token(plain.sign("bob", []string{"devs"}), plain.sign("ada", nil))), gateway.TokenAmbiguous},
		{"another person's", plain, ask(plain, token(plain.sign("ada", []string{"MinIO admins"}))), gateway.TokenBinding},
		{"a parent by MinIO's formula", plain, ask(plain, claim("parent", parent.MinIO(url, "bob").String())), gateway.TokenBinding},
		{"a parent of another issuer", plain, ask(plain, claim("parent", parent.RustFS("https://other.example/", "bob").String())), gateway.TokenBinding},
		{"no parent", plain, ask(plain, claim("parent", nil)), gateway.TokenBinding},
		{"a parent that is a list", plain, ask(plain, claim("parent", []any{parent.RustFS(url, "bob").String()})), gateway.TokenBinding},
		{"another subject in the claims", plain, ask(plain, claim("sub", "ada")), gateway.TokenBinding},
		{"the issuer's own iss", plain, ask(plain, claim("iss", url)), gateway.TokenBinding},
		{"no iss", plain, ask(plain, claim("iss", nil)), gateway.TokenBinding},
		{"the provider is another issuer", other, ask(other), gateway.TokenBinding},
		{"the issuer is another provider", named, ask(named, claim("oidc_provider", "second")), gateway.TokenBinding},
		{"no token", plain, ask(plain, token()), gateway.NoToken},
		{"an access key", plain, ask(plain, claim("sa-policy", "inherited-policy"), claim("exp", nil)), gateway.PolicyAllow},
		{"an access key of another", plain, ask(plain, claim("sa-policy", "inherited-policy"), claim("exp", nil), claim("parent", parent.RustFS(url, "ada").String())), gateway.TokenBinding},
	} {
		if got := c.g.decideRustFS(c.q); got.Reason != c.want {
			t.Errorf("%s: %s (%s), want %s", c.name, got.Reason, got.Detail, c.want)
		}
	}
	deny := ask(plain, token())
	deny["action"], deny["resource"] = "sts:AssumeRole", map[string]any{"bucket": "", "object": "", "arn": "arn:aws:s3:::"}
	conditionsOf(deny)["x-authentik-jwt"] = []any{plain.sign("bob", []string{"devs"})}
	deny["context"].(map[string]any)["deny_only"] = true
	if got := plain.decideRustFS(deny); got.Reason != gateway.DenyOnly {
		t.Errorf("sts:AssumeRole: %s", got.Reason)
	}
}

// Without a token RustFS attests the claims of a configured provider. The policies that RustFS chose itself do
// not count as a claim of the provider.
func TestRustFSAttests(t *testing.T) {
	unnamed := newGate(t, attested)
	g := newGate(t, attested, providers)
	question := func(g *gate, groups ...any) map[string]any {
		in := g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").claim("groups", groups)
		return inRustFS(in)
	}
	if got := g.decideRustFS(question(g, "devs")); got.Reason != gateway.PolicyAllow || !got.Attested || got.Identity.IssuerURL != g.Issuer.URL() {
		t.Errorf("attested: %s (%s)", got.Reason, got.Detail)
	}
	if got := unnamed.decideRustFS(question(unnamed, "devs")); got.Reason != gateway.ClaimsUntrusted || !contains(got.Hint, "oidc_provider") {
		t.Errorf("a provider that nothing names: %s (%s)", got.Reason, got.Hint)
	}
	forged := question(g, "devs")
	claimsOf(forged)["policy"], claimsOf(forged)["groups"] = "readwrite", []any{}
	if got := g.decideRustFS(forged); got.Reason != gateway.NoPolicy {
		t.Errorf("RustFS's own policy counts as a claim: %s", got.Reason)
	}
	wrong := question(g, "devs")
	claimsOf(wrong)["parent"] = parent.MinIO(g.Issuer.URL(), "bob").String()
	if got := g.decideRustFS(wrong); got.Reason != gateway.ClaimsUntrusted {
		t.Errorf("a wrong parent: %s", got.Reason)
	}
	late := question(g, "devs")
	claimsOf(late)["exp"] = time.Now().Add(-time.Hour).Unix()
	if got := g.decideRustFS(late); got.Reason != gateway.ClaimsUntrusted {
		t.Errorf("after exp: %s", got.Reason)
	}
}

// In a request without a Server no credential is trusted.
func TestARequestWithoutAServer(t *testing.T) {
	g := newGate(t, attested, staticAny, providers)
	in := g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").token(g.sign("bob", []string{"devs"}))
	body, err := json.Marshal(map[string]any{"input": inRustFS(in)})
	if err != nil {
		t.Fatal(err)
	}
	req, err := rustfs.Decode(body, new(strictjson.Document))
	if err != nil {
		t.Fatal(err)
	}
	req.Server = nil
	if d := g.Decide(t.Context(), &req); d.Allow() {
		t.Errorf("allowed: %s", d.Reason)
	}
	if values := gateway.Question(&req, nil).Context.Values("s3:prefix"); values != nil {
		t.Errorf("a condition reads %q", values)
	}
}
