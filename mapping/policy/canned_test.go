package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCannedPolicies(t *testing.T) {
	want := []string{"consoleAdmin", "diagnostics", "readonly", "readwrite", "writeonly"}
	if diff := cmp.Diff(want, CannedNames()); diff != "" {
		t.Errorf("the canned policies (-want +got):\n%s", diff)
	}
	for _, name := range CannedNames() {
		p, found := Canned(name)
		if !found || p == nil {
			t.Fatalf("the canned policy %s does not load", name)
		}
		if p.Name() != name || !p.Unconditional() {
			t.Errorf("%s: name %q, unconditional %t", name, p.Name(), p.Unconditional())
		}
	}
	if p, _ := Canned("readOnly"); p == nil || p.Name() != "readonly" {
		t.Error("readOnly does not find readonly")
	}
	if p, found := Canned("nosuch"); found || p != nil {
		t.Error("Canned finds a policy that does not exist")
	}
}

func TestCannedPoliciesGrant(t *testing.T) {
	for _, c := range []struct {
		policy, request string
		want            Outcome
	}{
		{"readonly", "s3:GetObject b/o", Allow},
		{"readonly", "s3:GetBucketLocation b", Allow},
		{"readonly", "s3:ListBucket b", ImplicitDeny},
		{"readonly", "s3:PutObject b/o", ImplicitDeny},
		{"writeonly", "s3:PutObject b/o", Allow},
		{"writeonly", "s3:GetObject b/o", ImplicitDeny},
		{"readwrite", "s3:ListAllMyBuckets", Allow},
		{"readwrite", "s3:FutureAction b/o", Allow},
		{"readwrite", "admin:Heal", ImplicitDeny},
		{"readwrite", "kms:Status", ImplicitDeny},
		{"consoleAdmin", "s3:DeleteBucket b", Allow},
		{"consoleAdmin", "admin:Heal", Allow},
		{"consoleAdmin", "admin:FutureAction", Allow},
		{"consoleAdmin", "kms:CreateKey k", Allow},
		{"consoleAdmin", "sts:AssumeRoleWithWebIdentity", ImplicitDeny},
		{"diagnostics", "admin:Prometheus", Allow},
		{"diagnostics", "admin:Heal", ImplicitDeny},
		{"diagnostics", "s3:GetObject b/o", ImplicitDeny},
	} {
		p, _ := Canned(c.policy)
		r := requestFor(c.request, nil)
		if got := Compile(Grant{Policy: p}).Evaluate(&r).Outcome; got != c.want {
			t.Errorf("%s, %s: %v, want %v", c.policy, c.request, got, c.want)
		}
	}
}
