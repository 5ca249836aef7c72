package gateway_test

import (
	"slices"
	"testing"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/fixtures"
	"pgregory.net/rapid"
)

// smuggledNames are names that mean something to MinIO, to policies or to claimgate. A query parameter brings a
// name into conditions as it is spelled, a header in Go's canonical form.
var smuggledNames = []string{
	"username", "userid", "principaltype", "groups", "Groups", "sub", "Sub", "iss", "Iss", "policy", "Policy", "parent",
	"Parent", "owner", "Owner", "account", "denyOnly", "claims", "aud", "exp", "sid", "Sid", "preferred_username",
	"Preferred_username", "SourceIp", "Sourceip", "sourceip", "X-Forwarded-For", "CurrentTime", "Currenttime", "Username",
	"Userid", "Authentik_token", "Authentik-Token", "X-Authentik-JWT", "x-authentik-jwt", "X-Authentik-Token", "jwt", "Jwt",
	"jwt:sub", "jwt:preferred_username", "aws:SourceIp", "Authorization", "sa-policy", "sessionpolicy", "sessionPolicy",
	"accesskey", "rolearn", "prefix", "Prefix", "versionid", "x-amz-copy-source", "${jwt:sub}", "*", "",
}

var smuggledValues = []string{
	"rootadmin", "root", "admin", "MinIO admins", "devs", "break-glass", "consoleAdmin", "true", "null", "*", "10.0.0.1",
	"127.0.0.1", "alice", "${jwt:preferred_username}", "2030-01-01T00:00:00Z", "{}", "",
}

// What a client adds by query string or header changes no answer. Query parameters append a value or create a
// name, headers create a name. The test leaves out the evidence keys, because a second token must be refused,
// and the keys that a condition of the mapping reads.
func TestSmugglingChangesNoAnswer(t *testing.T) {
	g := newGate(t)
	attesting := newGate(t, attested)
	anyone := newGate(t, staticAny)
	calls := len(fixtures.Calls(t))
	rapid.Check(t, func(rt *rapid.T) {
		g := rapid.SampledFrom([]*gate{g, attesting, anyone}).Draw(rt, "gate")
		in := recorded(t, rapid.IntRange(2, calls).Draw(rt, "line"))
		in = in.with("owner", false)
		if rapid.Bool().Draw(rt, "with a token") && in["claims"] != nil {
			sub, _ := in.claims()["sub"].(string)
			if sub != "" {
				in.claim("iss", g.Issuer.URL())
			} else {
				sub, _ = in["account"].(string)
			}
			delete(in.conditions(), "X-Authentik-Jwt")
			in.token(g.sign(sub, []string{rapid.SampledFrom([]string{"devs", "careful", "office", "nobody"}).Draw(rt, "group")}))
		}
		before := g.decide(in)

		name := rapid.OneOf(rapid.SampledFrom(smuggledNames), rapid.String()).Draw(rt, "name")
		value := rapid.OneOf(rapid.SampledFrom(smuggledValues), rapid.String()).Draw(rt, "value")
		if slices.Contains([]string{"authentik_token", "X-Authentik-Jwt"}, name) {
			return
		}
		if _, there := in.conditions()["SourceIp"]; name == "SourceIp" && !there {
			return // the only key that a condition of the mapping reads
		}
		list, _ := in.conditions()[name].([]any)
		in.condition(name, append(slices.Clone(list), any(value))...)
		if after := g.decide(in); after.Reason != before.Reason {
			rt.Fatalf("%q: [%q] turned %s into %s", name, value, before.Reason, after.Reason)
		}
	})
}

func TestPolicyConditionsReadTheFirstValueAndTheVerifiedIdentity(t *testing.T) {
	g := newGate(t)
	get := func() input {
		return g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").token(g.sign("bob", []string{"office"}))
	}
	put := func(user, object string) input {
		return g.session(ask("S1", "s3:PutObject", "home", object), user).token(g.sign(user, []string{"office"}))
	}
	for _, tc := range []struct {
		name string
		in   input
		want gateway.Reason
	}{
		{"from the office", get().condition("SourceIp", "10.1.2.3"), gateway.PolicyAllow},
		{"from elsewhere", get().condition("SourceIp", "192.0.2.1"), gateway.PolicyImplicitDeny},
		{"from elsewhere, with an address appended", get().condition("SourceIp", "192.0.2.1", "10.1.2.3"), gateway.PolicyImplicitDeny},
		{"from elsewhere, with a header Sourceip", get().condition("SourceIp", "192.0.2.1").condition("Sourceip", "10.1.2.3"), gateway.PolicyImplicitDeny},
		{"one's own folder", put("bob", "bob/x"), gateway.PolicyAllow},
		{"another's folder", put("bob", "eve/x"), gateway.PolicyImplicitDeny},
		{"another's folder, by a claim in the query", put("bob", "eve/x").condition("preferred_username", "eve"), gateway.PolicyImplicitDeny},
		{"a user named like a wildcard", put("*", "eve/x"), gateway.PolicyImplicitDeny},
		{"a user named like a wildcard, in its own folder", put("*", "*/x"), gateway.PolicyAllow},
		{"a user named like a variable", put("${aws:username}", "bob/x").condition("username", "bob"), gateway.PolicyImplicitDeny},
	} {
		g.expect(tc.name, tc.in, tc.want)
	}
}

func TestObjectLockIsReadFromTheHeaderAndUnknownIfValuesDiffer(t *testing.T) {
	g := newGate(t)
	g.use(`version = 1
[[policy]]
name = "governed"
document = '''{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:PutObject","s3:PutObjectRetention"],
  "Resource":["arn:aws:s3:::*"],"Condition":{"StringEquals":{"s3:object-lock-mode":"GOVERNANCE"}}}]}'''
[[group]]
name = "devs"
policies = ["governed"]
`)
	in := func() input {
		return g.session(ask("S1", "s3:PutObject", "b", "o"), "bob").token(g.sign("bob", []string{"devs"}))
	}
	g.expect("the header", in().condition("Object-Lock-Mode", "GOVERNANCE"), gateway.PolicyAllow)
	g.expect("another header", in().condition("Object-Lock-Mode", "COMPLIANCE"), gateway.PolicyImplicitDeny)
	g.expect("another header, and a query parameter", in().condition("Object-Lock-Mode", "COMPLIANCE").condition("object-lock-mode", "GOVERNANCE"), gateway.PolicyImplicitDeny)
	g.expect("the retention call", in().with("action", "s3:PutObjectRetention").condition("object-lock-mode", "GOVERNANCE"), gateway.PolicyAllow)
	g.expect("nothing", in(), gateway.PolicyImplicitDeny)
}
