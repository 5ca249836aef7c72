package gateway_test

import (
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/fixtures"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/verifier"
	"pgregory.net/rapid"
)

// nextRules are next mappings. They differ from rules in the rights of each kind of identity.
var nextRules = []string{
	rules,
	strings.NewReplacer("consoleAdmin", "diagnostics", `name     = "devs"`, `name     = "nobody"`).Replace(rules),
	strings.NewReplacer(`policies = ["readonly"]`, `policies = ["readwrite"]`, `except_groups = ["break-glass"]`, `except_groups = ["devs"]`).Replace(rules),
	strings.NewReplacer(`name     = "alice"`, `name     = "bob"`, `"s3:GetObject"`, `"s3:PutObject"`, "10.0.0.0/8", "0.0.0.0/0").Replace(rules),
	strings.Replace(rules, `name  = "policy"`, `name  = "exp"`, 1), // exp is not a list of strings: token_claims
	"version = 1\n[[account]]\nname = \"rootadmin\"\npolicies = [\"readonly\"]\n",
}

// withoutFile returns the answer without its file, because each gate has its own mapping file.
func withoutFile(a mapping.Answer) mapping.Answer {
	a.Rule.File, a.Pos.File = "", ""
	return a
}

// A next mapping changes no answer. Outcome and Shadow say what the next mapping would answer if it were in
// force.
func TestTheNextMappingChangesNoAnswer(t *testing.T) {
	type gates struct{ plain, compared, next *gate }
	var all []gates
	for _, with := range []change{func(*gateway.Options, *verifier.Issuer, *verifier.Options) {}, attested, staticAny, evaluateOwner, accountAge(time.Hour)} {
		var o gateway.Options
		plain := newGate(t, with, func(made *gateway.Options, _ *verifier.Issuer, _ *verifier.Options) { o = *made })
		o.Verifier = plain.Verifier
		sibling := func() *gate {
			g, err := gateway.New(o)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(g.Close)
			inner := *plain.Gate
			inner.Gateway = g
			other := &gate{&inner, t}
			other.use(rules)
			return other
		}
		all = append(all, gates{plain, sibling(), sibling()})
	}
	calls := len(fixtures.Calls(t))
	rapid.Check(t, func(rt *rapid.T) {
		w := rapid.SampledFrom(all).Draw(rt, "gates")
		w.next.use(rapid.SampledFrom(nextRules).Draw(rt, "next"))
		w.compared.UseShadow(w.next.Mapping())
		in := recorded(t, rapid.IntRange(2, calls).Draw(rt, "line"))
		if in["claims"] != nil && rapid.Bool().Draw(rt, "a login") {
			sub := rapid.SampledFrom([]string{"bob", "ada", "alice"}).Draw(rt, "subject")
			for _, name := range []string{"authentik_token", "X-Authentik-Jwt"} {
				delete(in.conditions(), name)
			}
			g := w.plain
			g.session(in.noClaim("sid"), sub)
			if rapid.Bool().Draw(rt, "a token") {
				in.token(g.sign(sub, []string{rapid.SampledFrom([]string{"devs", "careful", "office", "nobody", "MinIO admins", "break-glass"}).Draw(rt, "group")}))
			}
		}
		if rapid.Bool().Draw(rt, "in backups") {
			in.with("bucket", "backups")
		}
		for range 2 { // the second time from the caches
			want, got, would := w.plain.decide(in), w.compared.decide(in), w.next.decide(in)
			if got.Reason != want.Reason || withoutFile(got.Answer) != withoutFile(want.Answer) || got.Detail != want.Detail || got.Revision != want.Revision {
				rt.Fatalf("answered %s (%s), without a next mapping %s (%s)", got.Reason, got.Detail, want.Reason, want.Detail)
			}
			outcome := gateway.ShadowSame
			if would.Allow() != want.Allow() {
				outcome = gateway.ShadowLoses
				if would.Allow() {
					outcome = gateway.ShadowGains
				}
			}
			if got.Outcome != outcome {
				rt.Fatalf("the outcome is %d, want %d: %s, in force %s", got.Outcome, outcome, want.Reason, would.Reason)
			}
			switch s := got.Shadow; {
			case s == nil && would.Reason != want.Reason:
				rt.Fatalf("the next mapping would say %s, and nothing is said of it", would.Reason)
			case s != nil && (s.Reason != would.Reason || s.Rule.Name != would.Answer.Rule.Name || s.Rule.Kind != would.Answer.Rule.Kind || s.Reason == want.Reason):
				rt.Fatalf("the next mapping is said to answer %s by %v, in force it answers %s by %v", s.Reason, s.Rule, would.Reason, would.Answer.Rule)
			}
			if want.Outcome != gateway.ShadowOff || want.Shadow != nil {
				rt.Fatal("something is compared without a next mapping")
			}
		}
	})
	w := all[0]
	w.compared.UseShadow(nil)
	if d := w.compared.decide(ask("alice", "s3:GetObject", "b", "o")); d.Outcome != gateway.ShadowOff || w.compared.Shadow() != nil {
		t.Error("a next mapping that is off is compared")
	}
}

// The next mapping may name another policy claim, which can be read although that of the mapping in force
// cannot.
func TestTheNextMappingReadsAnotherClaim(t *testing.T) {
	g, next := newGate(t), newGate(t)
	g.use(strings.Replace(rules, `name  = "policy"`, `name  = "exp"`, 1))
	g.UseShadow(next.Mapping())
	in := g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").token(g.sign("bob", []string{"devs"}))
	d := g.expect("in force", in, gateway.TokenClaims)
	if d.Outcome != gateway.ShadowGains || d.Shadow == nil || d.Shadow.Reason != gateway.PolicyAllow || d.Shadow.Rule.Name != "devs" {
		t.Errorf("outcome %d, %+v", d.Outcome, d.Shadow)
	}
	g.UseShadow(next.Mapping()) // the same again
	if got := g.Shadow(); got != next.Mapping() {
		t.Error("the next mapping is gone")
	}
	// If the token itself is wrong, no mapping changes the answer.
	late := g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").token(g.sign("bob", []string{"devs"}, "sub", ""))
	if d := g.expect("a wrong token", late, gateway.TokenClaims); d.Outcome != gateway.ShadowSame || d.Shadow != nil {
		t.Errorf("outcome %d, %+v", d.Outcome, d.Shadow)
	}
}

// Each outcome, for a login, a static key and root.
func TestOutcomes(t *testing.T) {
	g, next := newGate(t), newGate(t)
	next.use("version = 1\n[[account]]\nname = \"carol\"\npolicies = [\"readonly\"]\n")
	g.UseShadow(next.Mapping())
	login := func() input {
		return g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").token(g.sign("bob", []string{"devs"}))
	}
	for _, c := range []struct {
		name    string
		in      input
		outcome gateway.Outcome
		reason  gateway.Reason // of the next mapping; empty: the same
	}{
		{"a login that loses", login(), gateway.ShadowLoses, gateway.NoPolicy},
		{"a static key that gains", ask("carol", "s3:GetObject", "b", "o"), gateway.ShadowGains, gateway.PolicyAllow},
		{"a static key that loses", ask("alice", "s3:GetObject", "b", "o"), gateway.ShadowLoses, gateway.NoToken},
		{"a static key that has nothing", ask("dave", "s3:GetObject", "b", "o"), gateway.ShadowSame, ""},
		{"a login without a token", g.session(ask("S1", "s3:GetObject", "b", "o"), "bob"), gateway.ShadowSame, ""},
		{"root", ask("root", "s3:GetObject", "b", "o").with("owner", true), gateway.ShadowSame, ""},
	} {
		d := g.decide(c.in)
		if d.Outcome != c.outcome || (d.Shadow == nil) != (c.reason == "") || d.Shadow != nil && d.Shadow.Reason != c.reason {
			t.Errorf("%s: outcome %d, %+v", c.name, d.Outcome, d.Shadow)
		}
	}
	g.UseShadow(g.Mapping())
	if d := g.decide(login()); d.Outcome != gateway.ShadowSame || d.Shadow != nil {
		t.Errorf("the same mapping: outcome %d, %+v", d.Outcome, d.Shadow)
	}
}
