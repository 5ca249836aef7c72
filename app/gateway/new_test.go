package gateway_test

import (
	"context"
	"errors"
	"regexp"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/parent"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/revocation"
)

func TestAGatewayWithoutItsPartsIsRefused(t *testing.T) {
	good := gateway.Options{
		Verifier: brokenTokens{}, Revocations: revocation.NewList(time.Now, time.Hour),
		Evidence: gateway.Evidence{Keys: []string{"authentik_token"}}, DecisionEntries: 1,
	}
	for name, change := range map[string]func(*gateway.Options){
		"no verifier":      func(o *gateway.Options) { o.Verifier = nil },
		"no revocations":   func(o *gateway.Options) { o.Revocations = nil },
		"no evidence key":  func(o *gateway.Options) { o.Evidence.Keys = nil },
		"no entries":       func(o *gateway.Options) { o.DecisionEntries = 0 },
		"negative entries": func(o *gateway.Options) { o.DecisionEntries = -1 },
	} {
		o := good
		change(&o)
		if g, err := gateway.New(o); err == nil {
			g.Close()
			t.Errorf("%s: a gateway was made", name)
		}
	}
	g, err := gateway.New(good)
	if err != nil {
		t.Fatal(err)
	}
	g.Close()
}

// brokenTokens answers with an error that no verifier gives.
type brokenTokens struct{}

func (brokenTokens) Verify(context.Context, string, verifier.Presented) (*verifier.Identity, error) {
	return nil, errors.New("no reason at all")
}

func (brokenTokens) Attested([]byte, time.Duration) (*verifier.Identity, error) {
	return nil, errors.New("no reason at all")
}

func TestAnErrorWithoutAReasonDeniesAsADefect(t *testing.T) {
	g := newGate(t, func(o *gateway.Options, _ *verifier.Issuer, _ *verifier.Options) { o.Evidence.AttestedClaims = true })
	broken, err := gateway.New(gateway.Options{
		Verifier: brokenTokens{}, Revocations: g.Revocations, DecisionEntries: 1,
		Evidence: gateway.Evidence{Keys: []string{"authentik_token"}, AttestedClaims: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broken.Close)
	broken.Use(g.Mapping())
	g.Gateway = broken
	g.expect("a token", g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").token("x"), gateway.InternalError)
	g.expect("attested claims", g.session(ask("S1", "s3:GetObject", "b", "o"), "bob"), gateway.InternalError)
}

func TestIDsAreUniqueAndHexadecimal(t *testing.T) {
	one, other := newGate(t), newGate(t)
	seen := make(map[string]bool)
	for range 1000 {
		for _, g := range []*gate{one, other} {
			id := g.NextID().String()
			if seen[id] || !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(id) {
				t.Fatalf("the id %q is not new or not 32 hexadecimal digits", id)
			}
			seen[id] = true
		}
	}
}

func TestConditionsReadTheTokenAndNotTheQuery(t *testing.T) {
	g := newGate(t)
	g.use(`version = 1
[[policy]]
name = "conditional"
document = '''{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::groups/*"],"Condition":{"ForAnyValue:StringEquals":{"aws:groups":["devs"]}}},
  {"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::mail/*"],"Condition":{"StringEquals":{"jwt:email":["bob@example.com"]}}},
  {"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::ldap/*"],"Condition":{"StringEquals":{"ldap:username":["bob"]}}},
  {"Effect":"Allow","Action":["s3:PutObject"],"Resource":["arn:aws:s3:::tags/*"],"Condition":{"ForAllValues:StringEquals":{"s3:RequestObjectTagKeys":["team","cost"]}}}]}'''
[[group]]
name = "devs"
policies = ["conditional"]
[[account]]
name = "velero"
policies = ["conditional"]
`)
	bob := func(action, bucket string) input {
		token := g.sign("bob", []string{"devs"}, "email", "bob@example.com")
		return g.session(ask("S1", action, bucket, "o"), "bob").token(token)
	}
	velero := func(bucket string) input { return ask("velero", "s3:GetObject", bucket, "o") }
	for _, tc := range []struct {
		name string
		in   input
		want gateway.Reason
	}{
		{"groups of the token", bob("s3:GetObject", "groups"), gateway.PolicyAllow},
		{"groups of the query string, for a key without a token", velero("groups").condition("groups", "devs"), gateway.PolicyImplicitDeny},
		{"a claim of the token", bob("s3:GetObject", "mail"), gateway.PolicyAllow},
		{"a claim in the query string, for a key without a token", velero("mail").condition("email", "bob@example.com"), gateway.PolicyImplicitDeny},
		{"a directory's name, which no token carries", bob("s3:GetObject", "ldap").condition("username", "bob"), gateway.PolicyImplicitDeny},
		{"every tag key is allowed", bob("s3:PutObject", "tags").condition("RequestObjectTagKeys", "team", "cost"), gateway.PolicyAllow},
		{"one tag key of two is not", bob("s3:PutObject", "tags").condition("RequestObjectTagKeys", "team", "root"), gateway.PolicyImplicitDeny},
	} {
		g.expect(tc.name, tc.in, tc.want)
	}
}

func TestASessionPolicyWithoutVersion(t *testing.T) {
	g := newGate(t)
	token := g.sign("bob", []string{"devs"})
	doc := sessionPolicy(`{"Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*"]}]}`)
	session := g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").token(token).claim("sessionPolicy", doc)
	g.expect("a session may do nothing", session, gateway.SessionPolicyDeny)
	key := g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").token(token).claim("sessionPolicy", doc)
	key.noClaim("exp").claim("sa-policy", "embedded-policy").claim("parent", parent.MinIO(g.Issuer.URL(), "bob").String())
	g.expect("an access key may do what it says", key, gateway.PolicyAllow)
}

func TestAnExpiredAccountRuleGrantsNothingAndHidesNoOther(t *testing.T) {
	g := newGate(t)
	g.use(`version = 1
[[account]]
name = "old"
policies = ["readonly"]
expires = 2020-01-01
[[account]]
name = "velero"
policies = ["readonly"]
`)
	g.expect("the expired rule", ask("old", "s3:GetObject", "b", "o"), gateway.NoPolicy)
	g.expect("no rule", ask("other", "s3:GetObject", "b", "o"), gateway.NoToken)
	g.expect("an expired key of an account in force", ask("old", "s3:GetObject", "b", "o").claim("parent", "velero"), gateway.PolicyAllow)
	g.expect("a key of an expired account", ask("K", "s3:GetObject", "b", "o").claim("parent", "old"), gateway.NoPolicy)
	g.expect("a scraper with an expired rule", ask("old", gateway.ActionPrometheus, "", ""), gateway.NoPolicy)
}
