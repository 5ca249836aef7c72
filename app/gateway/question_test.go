package gateway_test

import (
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/mapping"
	"github.com/google/go-cmp/cmp"
)

// EvaluateGrants answers a question as Decide did.
func TestEvaluateGrantsAnswersAsDecide(t *testing.T) {
	g := newGate(t)
	for name, want := range map[string]gateway.Reason{
		"devs": gateway.PolicyAllow, "careful": gateway.PolicyExplicitDeny, "office": gateway.PolicyImplicitDeny, "nobody": gateway.NoPolicy,
	} {
		in := g.session(ask("KEY", "s3:GetObject", "secrets", "o"), "alice").token(g.sign("alice", []string{name}))
		in.condition("SourceIp", "192.0.2.1")
		d := g.expect(name, in, want)
		grants := g.Mapping().Principal(mapping.Principal{Issuer: "authentik", Subject: "alice", Groups: []string{name}}, time.Now())
		r := decoded(t, in)
		reason, answer := gateway.EvaluateGrants(grants, gateway.Question(&r, d.Identity))
		if reason != want {
			t.Errorf("%s: %s, want %s", name, reason, want)
		}
		if want != gateway.NoPolicy {
			if diff := cmp.Diff(d.Answer, answer); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		} else if answer.Statement != -1 {
			t.Errorf("%s: statement %d is named, but there is no policy", name, answer.Statement)
		}
		if !r.Signer().Static != (want != "") {
			t.Errorf("a session is taken for a static key")
		}
	}
	if g.EvidenceKeys(nil)[0] != "authentik_token" || time.Since(g.Now()) > time.Minute {
		t.Error("the gateway does not say how it was made")
	}
}

// Read returns the values that policies have read, and nothing else of the request.
func TestReadReturnsWhatPoliciesRead(t *testing.T) {
	g := newGate(t)
	in := g.session(ask("KEY", "s3:GetObject", "b", "o"), "alice").token(g.sign("alice", []string{"office"}))
	in.condition("SourceIp", "10.1.1.1", "203.0.113.1").condition("Cookie", "SECRET")
	r := decoded(t, in)
	d := g.Decide(t.Context(), &r)
	if diff := cmp.Diff(map[string][]string{"aws:SourceIp": {"10.1.1.1"}}, d.Read()); diff != "" {
		t.Error(diff)
	}
	d = g.decide(g.session(ask("KEY", "s3:GetObject", "b", "o"), "alice").token(g.sign("alice", []string{"devs"})))
	if d.Read() != nil {
		t.Errorf("an unconditional policy has read %v", d.Read())
	}
}

func TestASignerHasASessionPolicyIfTheClaimsHoldOne(t *testing.T) {
	g := newGate(t)
	for _, in := range []input{
		g.session(ask("KEY", "s3:GetObject", "b", "o"), "alice"),
		g.session(ask("KEY", "s3:GetObject", "b", "o"), "alice").claim("sessionPolicy", sessionPolicy(`{}`)),
	} {
		r := decoded(t, in)
		_, want := in["claims"].(map[string]any)["sessionPolicy"]
		if got := r.Signer().SessionPolicy; got != want {
			t.Errorf("the claims %v: a session policy is %v", in["claims"], got)
		}
	}
}
