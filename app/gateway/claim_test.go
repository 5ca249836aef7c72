package gateway_test

import (
	"strings"
	"testing"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/verifier"
)

const claimRules = `version = 1
[claim]
path  = ["resource_access", "minio", "roles"]
allow = ["readonly"]
[[group]]
name     = "staff"
policies = ["own"]
[[policy]]
name     = "own"
document = '''{"Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::homes/${claim:unix/name}/*"]}]}'''
[[policy]]
name     = "second-factor"
document = '''{"Statement":[{"Effect":"Deny","Action":["s3:DeleteObject"],"Resource":["*"],"Condition":{"StringNotEquals":{"claim:acr":"mfa"}}}]}'''
[[guard]]
name     = "deleting needs a second factor"
policy   = "second-factor"
`

// Policies can read any verified claim. The groups and the policy claim may be nested. What a client
// writes into conditions never counts as a claim.
func TestVerifiedClaimsDecide(t *testing.T) {
	g := newGate(t, func(_ *gateway.Options, i *verifier.Issuer, _ *verifier.Options) {
		i.GroupsPath = []string{"realm_access", "roles"}
	})
	g.use(claimRules)
	staff := map[string]any{"roles": []string{"staff"}}
	unix := map[string]any{"name": "bob"}
	roles := func(list any) map[string]any { return map[string]any{"minio": map[string]any{"roles": list}} }
	for _, c := range []struct {
		name, action, object string
		claims               []any
		want                 gateway.Reason
	}{
		{"a home by a nested claim", "s3:PutObject", "bob/o", []any{"realm_access", staff, "unix", unix}, gateway.PolicyAllow},
		{"another's home", "s3:PutObject", "ada/o", []any{"realm_access", staff, "unix", unix}, gateway.PolicyImplicitDeny},
		{"no claim", "s3:PutObject", "bob/o", []any{"realm_access", staff}, gateway.PolicyImplicitDeny},
		{"a claim of another type", "s3:PutObject", "bob/o", []any{"realm_access", staff, "unix", map[string]any{"name": 7}}, gateway.PolicyImplicitDeny},
		{"with the second factor", "s3:DeleteObject", "bob/o", []any{"realm_access", staff, "unix", unix, "acr", "mfa"}, gateway.PolicyAllow},
		{"without it", "s3:DeleteObject", "bob/o", []any{"realm_access", staff, "unix", unix}, gateway.GuardDeny},
		{"with a number for it", "s3:DeleteObject", "bob/o", []any{"realm_access", staff, "unix", unix, "acr", 1}, gateway.GuardDeny},
		{"groups in the usual place", "s3:PutObject", "bob/o", []any{"groups", []string{"staff"}, "unix", unix}, gateway.NoPolicy},
		{"groups of another type", "s3:PutObject", "bob/o", []any{"realm_access", map[string]any{"roles": "staff"}}, gateway.TokenClaims},
		{"a policy by a nested claim", "s3:GetObject", "ada/o", []any{"resource_access", roles([]string{"readonly"})}, gateway.PolicyAllow},
		{"a policy claim of another type", "s3:GetObject", "ada/o", []any{"resource_access", roles(7)}, gateway.TokenClaims},
	} {
		in := g.session(ask("S1", c.action, "homes", c.object), "bob").token(g.sign("bob", nil, c.claims...)).
			condition("acr", "mfa").condition("Claim:Acr", "mfa").condition("unix/name", "ada", "bob")
		g.expect(c.name, in, c.want)
	}
}

// The decision log shows the claims that a policy has read, but no token inside a claim.
func TestTheLogShowsClaimsButNoTokens(t *testing.T) {
	g := newGate(t)
	g.use(strings.NewReplacer("claim:acr", "claim:authentik_token", "path  = [\"resource_access\", \"minio\", \"roles\"]", "").Replace(claimRules))
	inner := g.sign("bob", nil)
	d := g.expect("a token inside", g.session(ask("S1", "s3:DeleteObject", "homes", "bob/o"), "bob").
		token(g.sign("bob", []string{"staff"}, "unix", map[string]any{"name": "bob"}, "authentik_token", inner)), gateway.GuardDeny)
	read := d.Read()
	if got := read["claim:authentik_token"]; len(got) != 1 || strings.Contains(got[0], inner[:40]) || !strings.Contains(got[0], "not shown") {
		t.Errorf("the log would show %q", got)
	}
}

func TestWithoutATokenThereAreNoClaims(t *testing.T) {
	g := newGate(t)
	g.use(strings.Replace(claimRules, "[[guard]]", "[[account]]\nname=\"robot\"\npolicies=[\"own\", \"readwrite\"]\n[[guard]]", 1))
	g.expect("a robot", ask("robot", "s3:PutObject", "homes", "bob/o"), gateway.PolicyAllow)
	g.expect("a robot without a second factor", ask("robot", "s3:DeleteObject", "homes", "bob/o"), gateway.GuardDeny)
}
