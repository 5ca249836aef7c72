package gateway_test

import (
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/parent"

	"github.com/claimgate/claimgate/app/demo/issuer"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/testsupport/testgate"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/revocation"
)

// Reasons that are given before or after the decision. Package server tests them.
var reasonsOfServer = map[gateway.Reason]bool{
	gateway.RequestMalformed: true, gateway.CallerUnknown: true, gateway.InternalError: true,
}

func TestEveryReasonIsGiven(t *testing.T) {
	g := newGate(t)
	attesting := newGate(t, attested)
	down := &gate{testgate.NewWithoutKeys(t), t}
	down.use(rules)
	if err := down.Issuer.Close(); err != nil {
		t.Fatal(err)
	}

	get := func() input { return ask("S1", "s3:GetObject", "b", "o") }
	dev := func(g *gate) input { return g.session(get(), "bob") }
	good := g.sign("bob", []string{"devs"})
	hour := time.Now().Add(time.Hour).Unix()
	given := make(map[gateway.Reason]bool)
	for _, tc := range []struct {
		name string
		gate *gate
		in   input
		want gateway.Reason
	}{
		{"root", g, get().with("owner", true), gateway.Owner},
		{"a policy allows", g, dev(g).token(good), gateway.PolicyAllow},
		{"self-service", g, dev(g).token(good).with("denyOnly", true).with("action", "admin:CreateServiceAccount"), gateway.DenyOnly},
		{"no token", g, dev(g), gateway.NoToken},
		{"an empty value is no token", g, dev(g).token(""), gateway.NoToken},
		{"two tokens under one key", g, dev(g).condition("authentik_token", good, "x"), gateway.TokenAmbiguous},
		{"two tokens under two keys", g, dev(g).token(good).condition("X-Authentik-Jwt", "x"), gateway.TokenAmbiguous},
		{"one token twice", g, dev(g).token(good).condition("X-Authentik-Jwt", good, "", good), gateway.PolicyAllow},
		{"the key in another spelling", g, dev(g).condition("X-Authentik-JWT", good).condition("Authentik_token", good), gateway.NoToken},
		{"an opaque token", g, dev(g).token("a1b2c3"), gateway.TokenMalformed},
		{"an encrypted token", g, dev(g).token("a.b.c.d.e"), gateway.TokenEncrypted},
		{"HS256", g, dev(g).token(g.Issuer.Token(g.claimsFor("bob"), issuer.WithSecret([]byte("s")))), gateway.TokenAlgorithm},
		{"a logout token", g, dev(g).token(g.sign("bob", nil, "events", map[string]any{})), gateway.TokenType},
		{"an unknown key", g, dev(g).token(g.Issuer.Token(g.claimsFor("bob"), issuer.WithHeader("kid", "gone"))), gateway.TokenUnknownKey},
		{"a changed signature", g, dev(g).token(forge(good)), gateway.TokenSignature},
		{"another issuer", g, dev(g).token(g.sign("bob", nil, "iss", "https://evil.example/")), gateway.TokenIssuer},
		{"another audience", g, dev(g).token(g.sign("bob", nil, "aud", "grafana")), gateway.TokenAudience},
		{"expired", g, dev(g).token(g.sign("bob", nil, "iat", hour-10000, "exp", hour-9000)), gateway.TokenExpired},
		{"from the future", g, dev(g).token(g.sign("bob", nil, "iat", hour, "exp", hour+60)), gateway.TokenNotYetValid},
		{"lives too long", g, dev(g).token(g.sign("bob", nil, "exp", hour+30*86400)), gateway.TokenLifetime},
		{"no subject", g, dev(g).token(g.sign("bob", nil, "sub", "")), gateway.TokenClaims},
		{"another's token", g, dev(g).token(g.sign("ada", []string{"MinIO admins"})), gateway.TokenBinding},
		{"the identity provider is down", down, down.session(get(), "bob").token(down.sign("bob", nil)), gateway.KeysUnavailable},
		{"claims without a known issuer", attesting, attesting.session(get(), "bob").claim("iss", "https://evil.example/"), gateway.ClaimsUntrusted},
		{"no rule", g, dev(g).token(g.sign("bob", []string{"nobody's"})), gateway.NoPolicy},
		{"a policy that is not enough", g, dev(g).token(good).with("action", "admin:ServerInfo"), gateway.PolicyImplicitDeny},
		{"a policy that denies", g, dev(g).token(g.sign("bob", []string{"careful", "devs"})).with("bucket", "secrets"), gateway.PolicyExplicitDeny},
		{"a guard", g, dev(g).token(good).with("action", "s3:DeleteObject").with("bucket", "backups"), gateway.GuardDeny},
		{"a guard with an exception", g, dev(g).token(g.sign("bob", []string{"devs", "break-glass"})).with("action", "s3:DeleteObject").with("bucket", "backups"), gateway.PolicyAllow},
		{"a session policy", g, dev(g).token(good).claim("sessionPolicy", sessionPolicy(`{}`)), gateway.SessionPolicyDeny},
	} {
		given[tc.gate.expect(tc.name, tc.in, tc.want).Reason] = true
	}

	g.Revocations.End(&revocation.Logout{Issuer: "authentik", Subject: "bob", ID: "1", IssuedAt: time.Now(), Expires: time.Now().Add(time.Hour)})
	given[g.expect("after a logout", dev(g).token(good), gateway.TokenRevoked).Reason] = true

	stale := newGate(t, func(o *gateway.Options, _ *verifier.Issuer, _ *verifier.Options) {
		o.Stale = func() bool { return true }
	})
	given[stale.expect("the logouts of others are not heard of", dev(stale).token(stale.sign("bob", []string{"devs"})), gateway.RevocationUnknown).Reason] = true

	given[overload(t)] = true

	for _, r := range gateway.Reasons() {
		if !given[r] && !reasonsOfServer[r] {
			t.Errorf("no test gives the reason %s", r)
		}
	}
}

// overload presents forged tokens of one credential, 64 at once. After a failed check the tokens of a credential are
// checked one at a time, with a rest in between, and at most 16 wait. overload returns Overloaded if a token was
// turned away.
func overload(t *testing.T) gateway.Reason {
	t.Helper()
	g := newGate(t)
	for round := range 20 {
		reasons := make(chan gateway.Reason, 64)
		together := make(chan struct{}) // all wait for it, because signing takes longer than checking
		for n := range cap(reasons) {
			in := g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").token(forge(g.sign("bob", []string{"devs"}, "jti", round*100+n)))
			go func() {
				<-together
				reasons <- g.decide(in).Reason
			}()
		}
		close(together)
		var seen gateway.Reason
		for range cap(reasons) { // all of them, so that no goroutine outlives the gateway
			if r := <-reasons; r == gateway.Overloaded {
				seen = r
			}
		}
		if seen != "" {
			return seen
		}
	}
	return ""
}

// forge changes the first character of the signature.
func forge(token string) string {
	at := strings.LastIndexByte(token, '.') + 1
	c := byte('A')
	if token[at] == 'A' {
		c = 'B'
	}
	return token[:at] + string(c) + token[at+1:]
}

func TestTheZeroValuesDeny(t *testing.T) {
	var d gateway.Decision
	if d.Allow() {
		t.Error("the zero Decision allows")
	}
	if gateway.Reason("").Allows() || gateway.Reason("Owner").Allows() || gateway.Reason("policy_allow ").Allows() {
		t.Error("a text that is no reason allows")
	}
}

func TestWithoutAMappingOnlyTheOwnerPasses(t *testing.T) {
	g := newGate(t)
	g.Use(nil)
	in := func() input {
		return g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").token(g.sign("bob", []string{"devs"}))
	}
	g.expect("a good token", in(), gateway.NoPolicy)
	g.expect("root", in().with("owner", true), gateway.Owner)
}

func TestTheOwnerMayBeEvaluatedLikeAnybody(t *testing.T) {
	g := newGate(t, evaluateOwner)
	root := func(action string) input { return ask("rootadmin", action, "b", "o").with("owner", true) }
	g.expect("within the rule", root("s3:PutObject"), gateway.PolicyAllow)
	g.expect("beyond it", root("s3:GetObject"), gateway.PolicyImplicitDeny)
	g.expect("root by another name", ask("admin", "s3:PutObject", "b", "o").with("owner", true), gateway.NoToken)
}

func TestNoOtherWayIsTriedAfterATokenThatFails(t *testing.T) {
	g := newGate(t, attested)
	expired := g.sign("alice", nil, "iat", time.Now().Add(-2*time.Hour).Unix(), "exp", time.Now().Add(-time.Hour).Unix())
	// alice has an [[account]] rule that would allow the request.
	g.expect("static account", ask("alice", "s3:GetObject", "b", "o").token(expired), gateway.TokenExpired)
	// Without the token the session's own claims would be accepted.
	in := g.session(ask("S1", "s3:GetObject", "b", "o"), "alice").claim("groups", []any{"devs"})
	g.expect("attested claims alone", in, gateway.PolicyAllow)
	g.expect("attested claims beside a bad token", in.token(expired), gateway.TokenExpired)
}

func TestStaticCredentialsAndTokens(t *testing.T) {
	match, anyone, none := newGate(t), newGate(t, staticAny), newGate(t, staticDeny)
	for _, tc := range []struct {
		name     string
		account  string
		username any
		parent   any
		match    gateway.Reason
		any      gateway.Reason
	}{
		{"the account's own token", "carol", "carol", nil, gateway.PolicyAllow, gateway.PolicyAllow},
		{"another's token", "carol", "bob", nil, gateway.TokenBinding, gateway.PolicyAllow},
		{"other case", "carol", "Carol", nil, gateway.TokenBinding, gateway.PolicyAllow},
		{"no username in the token", "carol", nil, nil, gateway.TokenBinding, gateway.PolicyAllow},
		{"an empty username", "carol", "", nil, gateway.TokenBinding, gateway.PolicyAllow},
		{"an access key, its parent's token", "KEY1", "carol", "carol", gateway.PolicyAllow, gateway.PolicyAllow},
		{"an access key named like another user", "bob", "bob", "carol", gateway.TokenBinding, gateway.PolicyAllow},
		{"an access key with an empty parent", "carol", "", "", gateway.TokenBinding, gateway.PolicyAllow},
		{"an access key whose parent is no string", "carol", "carol", 7, gateway.TokenBinding, gateway.PolicyAllow},
		{"nobody", "", "", nil, gateway.TokenBinding, gateway.TokenBinding},
	} {
		for g, want := range map[*gate]gateway.Reason{match: tc.match, anyone: tc.any, none: gateway.TokenBinding} {
			in := ask(tc.account, "s3:GetObject", "b", "o").token(g.sign("sub-1", []string{"devs"}, "preferred_username", tc.username))
			if tc.parent != nil {
				in.claim("parent", tc.parent)
			}
			g.expect(tc.name, in, want)
		}
	}
}

func TestTokensAreBoundToTheSessionTheyWereMadeFor(t *testing.T) {
	g := newGate(t)
	get := func() input { return ask("S1", "s3:GetObject", "b", "o") }
	token := g.sign("bob", []string{"devs"})
	key := func() input {
		return g.session(get(), "bob").noClaim("exp").claim("sa-policy", "inherited-policy").claim("parent", parent.MinIO(g.Issuer.URL(), "bob").String())
	}
	for _, tc := range []struct {
		name string
		in   input
		want gateway.Reason
	}{
		{"its own session", g.session(get(), "bob").token(token), gateway.PolicyAllow},
		{"another subject's session", g.session(get(), "eve").token(token), gateway.TokenBinding},
		{"a subject in another case", g.session(get(), "Bob").token(token), gateway.TokenBinding},
		{"a session of another issuer", g.session(get(), "bob").claim("iss", "https://other.example/").token(token), gateway.TokenBinding},
		{"an issuer without its slash", g.session(get(), "bob").claim("iss", strings.TrimSuffix(g.Issuer.URL(), "/")).token(token), gateway.TokenBinding},
		{"claims with an issuer and no subject", g.session(get(), "bob").noClaim("sub").token(token), gateway.TokenBinding},
		{"claims with a subject and no issuer", g.session(get(), "bob").noClaim("iss").claim("parent", "bob").token(token), gateway.TokenBinding},
		{"an issuer that is no string", g.session(get(), "bob").claim("iss", []any{g.Issuer.URL()}).token(token), gateway.TokenBinding},
		{"its own access key", key().token(token), gateway.PolicyAllow},
		{"an access key of another's", key().claim("parent", parent.MinIO(g.Issuer.URL(), "eve").String()).token(token), gateway.TokenBinding},
		{"an access key without parent", key().noClaim("parent").token(token), gateway.TokenBinding},
		{"an access key whose claims name another", key().claim("sub", "eve").token(token), gateway.TokenBinding},
	} {
		g.expect(tc.name, tc.in, tc.want)
	}
}

func TestAttestedClaims(t *testing.T) {
	g := newGate(t, attested)
	year := newGate(t, attested, accountAge(365*24*time.Hour))
	session := func(g *gate) input {
		return g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").claim("groups", []any{"devs"})
	}
	key := func(g *gate) input {
		return session(g).noClaim("exp").claim("sa-policy", "inherited-policy").claim("parent", parent.MinIO(g.Issuer.URL(), "bob").String())
	}
	past := time.Now().Add(-time.Hour).Unix()
	for _, tc := range []struct {
		name string
		gate *gate
		in   input
		want gateway.Reason
	}{
		{"a session", g, session(g), gateway.PolicyAllow},
		{"a session MinIO lets live for a year", g, session(g).claim("exp", time.Now().Add(365*24*time.Hour).Unix()), gateway.PolicyAllow},
		{"a session without rules", g, session(g).claim("groups", []any{}), gateway.NoPolicy},
		{"groups from the query string do not count", g, session(g).claim("groups", []any{}).condition("groups", "devs"), gateway.NoPolicy},
		{"expired", g, session(g).claim("exp", past), gateway.ClaimsUntrusted},
		{"without exp, though no access key", g, session(g).noClaim("exp"), gateway.ClaimsUntrusted},
		{"another issuer", g, session(g).claim("iss", "prometheus"), gateway.ClaimsUntrusted},
		{"another audience", g, session(g).claim("aud", "grafana"), gateway.ClaimsUntrusted},
		{"another azp", g, session(g).claim("azp", "grafana"), gateway.ClaimsUntrusted},
		{"groups of the wrong type", g, session(g).claim("groups", "devs"), gateway.ClaimsUntrusted},
		{"a subject without issuer", g, session(g).noClaim("iss"), gateway.ClaimsUntrusted},
		{"an access key, by default", g, key(g), gateway.ClaimsUntrusted},
		{"an access key from a clock that is ahead", g, key(g).claim("iat", time.Now().Add(20*time.Second).Unix()), gateway.ClaimsUntrusted},
		{"an access key within its age", year, key(year), gateway.PolicyAllow},
		{"an access key of somebody else", year, key(year).claim("parent", parent.MinIO(year.Issuer.URL(), "eve").String()), gateway.ClaimsUntrusted},
		{"an access key without iat", year, key(year).noClaim("iat"), gateway.ClaimsUntrusted},
		{"a static key has no such claims", g, ask("carol", "s3:GetObject", "b", "o"), gateway.NoToken},
		{"nobody", g, ask("", "s3:ListAllMyBuckets", "", "").with("claims", nil), gateway.NoToken},
	} {
		tc.gate.expect(tc.name, tc.in, tc.want)
	}
}

func TestSessionPoliciesNarrowEveryCredential(t *testing.T) {
	g := newGate(t)
	token := g.sign("bob", []string{"devs"})
	session := func() input { return g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").token(token) }
	key := func() input {
		return session().noClaim("exp").claim("sa-policy", "embedded-policy").claim("parent", parent.MinIO(g.Issuer.URL(), "bob").String())
	}
	allow := sessionPolicy(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*"]}]}`)
	other := sessionPolicy(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::c/*"]}]}`)
	all := sessionPolicy(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","admin:*"],"Resource":["arn:aws:s3:::*"]}]}`)
	for _, tc := range []struct {
		name string
		in   input
		want gateway.Reason
	}{
		{"that allows", session().claim("sessionPolicy", allow), gateway.PolicyAllow},
		{"of another bucket", session().claim("sessionPolicy", other), gateway.SessionPolicyDeny},
		{"on an access key, that allows", key().claim("sessionPolicy", allow), gateway.PolicyAllow},
		{"on an access key, of another bucket", key().claim("sessionPolicy", other), gateway.SessionPolicyDeny},
		{"empty, on a session", session().claim("sessionPolicy", sessionPolicy(`{}`)), gateway.SessionPolicyDeny},
		{"null, on a session", session().claim("sessionPolicy", sessionPolicy(`null`)), gateway.SessionPolicyDeny},
		{"empty, on an access key", key().claim("sessionPolicy", sessionPolicy(`{}`)), gateway.PolicyAllow},
		{"null, on an access key", key().claim("sessionPolicy", sessionPolicy(`null`)), gateway.PolicyAllow},
		{"that is no base64", session().claim("sessionPolicy", "{}"), gateway.SessionPolicyDeny},
		{"that is no JSON", key().claim("sessionPolicy", sessionPolicy(`{`)), gateway.SessionPolicyDeny},
		{"that is no string", key().claim("sessionPolicy", nil), gateway.SessionPolicyDeny},
		{"an empty text", key().claim("sessionPolicy", ""), gateway.SessionPolicyDeny},
		// CVE-2025-62506: denyOnly must not carry over to the session policy.
		{"self-service beyond it", session().with("denyOnly", true).with("action", "admin:CreateServiceAccount").claim("sessionPolicy", allow), gateway.SessionPolicyDeny},
		{"that is wider than the grants", session().with("action", "admin:ServerInfo").claim("sessionPolicy", all), gateway.PolicyImplicitDeny},
	} {
		g.expect("a session policy "+tc.name, tc.in, tc.want)
		g.expect("remembered, a session policy "+tc.name, tc.in, tc.want)
	}
}

func TestEndedSessionsAreDenied(t *testing.T) {
	g := newGate(t)
	in := func() input {
		return g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").claim("sid", "login-1")
	}
	plain := g.sign("bob", []string{"devs"})
	named := g.sign("bob", []string{"devs"}, "sid", "login-1")
	other := g.sign("bob", []string{"devs"}, "sid", "login-2")
	g.expect("before", in().token(named), gateway.PolicyAllow)
	g.Revocations.End(&revocation.Logout{Issuer: "authentik", Session: "login-1", ID: "1", IssuedAt: time.Now(), Expires: time.Now().Add(time.Hour)})
	g.expect("the token's own sid", in().token(named), gateway.TokenRevoked)
	g.expect("the session's sid, where the token has none", in().token(plain), gateway.TokenRevoked)
	g.expect("another login's token on another session", in().claim("sid", "login-2").token(other), gateway.PolicyAllow)
}

func TestAClaimOfTheWrongTypeGrantsNothing(t *testing.T) {
	g := newGate(t)
	g.use(strings.Replace(rules, `name  = "policy"`, `name  = "minio"`, 1))
	in := func() input { return g.session(ask("S1", "s3:GetObject", "b", "o"), "bob") }
	g.expect("a string", in().token(g.sign("bob", nil, "minio", "readonly")), gateway.PolicyAllow)
	g.expect("an object", in().token(g.sign("bob", []string{"devs"}, "minio", map[string]any{"a": "readonly"})), gateway.TokenClaims)
	g.expect("a list with a number", in().token(g.sign("bob", []string{"devs"}, "minio", []any{"readonly", 1})), gateway.TokenClaims)
}

func TestAReloadTakesEffectAtOnce(t *testing.T) {
	g := newGate(t)
	token := g.sign("bob", []string{"devs"})
	in := func() input { return g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").token(token) }
	without := strings.Replace(rules, `name     = "devs"`, `name     = "others"`, 1)
	for range 20 { // often enough that both caches hold the answer
		g.expect("granted", in(), gateway.PolicyAllow)
	}
	first := g.expect("granted", in(), gateway.PolicyAllow).Revision
	for range 3 {
		g.use(without)
		if d := g.expect("the grant is gone", in(), gateway.NoPolicy); d.Revision == first {
			t.Error("another mapping has the same revision")
		}
		g.use(rules)
		if d := g.expect("the grant is back", in(), gateway.PolicyAllow); d.Revision != first {
			t.Error("the same mapping has another revision")
		}
	}
}

func TestHintsNameTheSettingToChange(t *testing.T) {
	g := newGate(t)
	for name, tc := range map[string]struct {
		in   input
		hint string
	}{
		"claims kept out of the token": {
			g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").token(g.sign("bob", nil, "preferred_username", nil, "groups", nil)),
			"Include claims in id_token",
		},
		"a session without a token":     {g.session(ask("S1", "s3:GetObject", "b", "o"), "bob"), "authentik_token"},
		"a static key without a rule":   {ask("carol", "s3:GetObject", "b", "o"), "[[account]]"},
		"a token of another login":      {g.session(ask("S1", "s3:GetObject", "b", "o"), "eve").token(g.sign("bob", nil)), "iss and sub"},
		"a user whom no rule speaks of": {g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").token(g.sign("bob", nil)), ""},
	} {
		if d := g.decide(tc.in); !contains(d.Hint, tc.hint) || (tc.hint == "" && d.Hint != "") {
			t.Errorf("%s: the hint is %q, want it to name %q", name, d.Hint, tc.hint)
		}
	}
}
