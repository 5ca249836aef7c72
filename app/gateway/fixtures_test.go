package gateway_test

import (
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/parent"

	"github.com/claimgate/claimgate/app/gateway"
)

// Each recorded kind of identity asks the question that MinIO sent. If the kind can carry a token, the test's
// issuer signs one of the same shape. The line numbers are those of internal/fixtures/README.md.
func TestEveryKindOfIdentity(t *testing.T) {
	g := newGate(t)
	month := newGate(t, accountAge(30*24*time.Hour))

	// oidc returns a recorded session, with the iss and a token of the test's issuer.
	oidc := func(g *gate, line int, groups ...string) input {
		in := recorded(t, line)
		sub, _ := in.claims()["sub"].(string)
		in.claim("iss", g.Issuer.URL())
		return in.token(g.sign(sub, groups))
	}

	alice := g.sign("alice", []string{"devs"})
	for _, tc := range []struct {
		name string
		gate *gate
		in   input
		want gateway.Reason
	}{
		{"root", g, recorded(t, 2), gateway.Owner},
		{"root's AssumeRole session", g, recorded(t, 12), gateway.Owner},
		{"root's self-service", g, recorded(t, 8), gateway.Owner},
		{"a POST-policy upload by root's access key, which MinIO does not call owner", g, recorded(t, 332), gateway.PolicyAllow},
		{"root's restricted access key", g, recorded(t, 9), gateway.SessionPolicyDeny},
		{"an IAM user by its account rule", g, recorded(t, 22), gateway.PolicyAllow},
		{"an IAM user beyond its account rule", g, recorded(t, 7), gateway.PolicyImplicitDeny},
		{"an IAM user with its token in the header", g, recorded(t, 7).condition("X-Authentik-Jwt", alice), gateway.PolicyAllow},
		{"an IAM user's access key counts as its parent", g, recorded(t, 11), gateway.PolicyImplicitDeny},
		{"an IAM user's access key with the parent's token", g, recorded(t, 11).token(alice), gateway.PolicyAllow},
		{"an IAM user's access key with another's token", g, recorded(t, 11).token(g.sign("bob", []string{"devs"})), gateway.TokenBinding},
		{"an AssumeRole session of an IAM user (the Console)", g, recorded(t, 60), gateway.PolicyAllow},
		{"an AssumeRole session of an IAM user, restricted", g, recorded(t, 13).token(alice), gateway.SessionPolicyDeny},
		{"an OpenID Connect session in claim mode", g, oidc(g, 402, "devs"), gateway.PolicyAllow},
		{"the same without a token", g, recorded(t, 402), gateway.NoToken},
		{"an OpenID Connect session in role mode", g, oidc(g, 96, "devs"), gateway.PolicyAllow},
		{"self-service of an OpenID Connect user", g, oidc(g, 90, "devs"), gateway.DenyOnly},
		{"an access key of an OpenID Connect user, its token alive", g, oidcKey(g), gateway.PolicyAllow},
		{"an access key of an OpenID Connect user, its token long past exp", g, oidcKeyLate(g), gateway.TokenExpired},
		{"the same within service_account_max_age", month, oidcKeyLate(month), gateway.PolicyAllow},
		{"a metrics scraper that signs its own claims", g, recorded(t, 331), gateway.PolicyImplicitDeny},
		{"a metrics scraper with a rule", g, recorded(t, 331).with("account", "scraper"), gateway.PolicyAllow},
		{"a metrics scraper without one, whatever it claims", g, recorded(t, 331).with("account", "eve").token(alice), gateway.NoPolicy},
		{"an anonymous ListBuckets", g, recorded(t, 381), gateway.NoToken},
		{"an issuer that MinIO did not check", g, recorded(t, 18).token(g.sign("u-123", []string{"devs"})), gateway.TokenBinding},
		{"root's names, claimed by the identity provider", g, recorded(t, 19), gateway.NoToken},
		{"two values under one evidence key", g, recorded(t, 425).with("owner", false), gateway.TokenAmbiguous},
	} {
		d := tc.gate.expect(tc.name, tc.in, tc.want)
		if tc.want == gateway.PolicyAllow && (d.Answer.Policy == "" || d.Answer.Rule.Line == 0) {
			t.Errorf("%s: an allow must name its policy and the rule's line, got %+v", tc.name, d.Answer)
		}
	}
}

// oidcKey returns the recorded access key of an OpenID Connect user, with iss, parent and a token of the
// test's issuer.
func oidcKey(g *gate, pairs ...any) input {
	in := recorded(g.t, 89)
	in.claim("iss", g.Issuer.URL()).claim("parent", parent.MinIO(g.Issuer.URL(), "u-123").String())
	return in.token(g.sign("u-123", []string{"devs"}, pairs...))
}

// oidcKeyLate returns the access key with a token that expired long ago.
func oidcKeyLate(g *gate) input {
	day := time.Now().Add(-48 * time.Hour)
	return oidcKey(g, "iat", day.Unix(), "exp", day.Add(time.Hour).Unix())
}
