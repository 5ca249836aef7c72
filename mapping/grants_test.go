package mapping

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/claimgate/claimgate/mapping/policy"
)

func TestAnswersNameRuleStatementAndPlace(t *testing.T) {
	m := mustLoad(t, `
[[group]]
match = "g-{bucket}"
policies = ["tm"]
[[group]]
name = "x"
policies = ["tight", "escaped", "readonly", "filed"]
[[policy]]
name = "tm"
document = '''
{"Statement": [
   {"Sid": "Team", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::${group:bucket}/*"]}]}'''
[[policy]]
name = "tight"
document = '{"Statement": [{"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": ["*"]}]}'
[[policy]]
name = "escaped"
document = "{\"Statement\": [\n\n{\"Effect\": \"Allow\", \"Action\": [\"s3:ListBucket\"], \"Resource\": [\"*\"]}]}"
[[policy]]
name = "filed"
file = "p.json"
`, "p.json", "{\"Statement\": [\n  {\"Effect\": \"Deny\", \"Action\": [\"s3:DeleteObject\"], \"Resource\": [\"*\"]}]}")
	g := m.Principal(Principal{Groups: []string{"g-reports", "x"}}, now)
	tests := []struct {
		action, bucket string
		want           Answer
	}{
		{"s3:GetObject", "reports", Answer{Outcome: policy.Allow, Policy: "readonly", Rule: Rule{"x", "group", "mapping.toml", 6}, Pos: policy.Position{File: "canned policy readonly", Line: 1, Column: 38}}},
		{"s3:PutObject", "b", Answer{Outcome: policy.Allow, Policy: "tight", Rule: Rule{"x", "group", "mapping.toml", 6}, Pos: policy.Position{File: "mapping.toml", Line: 16, Column: 28}}},
		{"s3:ListBucket", "b", Answer{Outcome: policy.Allow, Policy: "escaped", Rule: Rule{"x", "group", "mapping.toml", 6}, Pos: policy.Position{File: "mapping.toml", Line: 19, Column: 13}}},
		{"s3:DeleteObject", "b", Answer{Outcome: policy.ExplicitDeny, Policy: "filed", Rule: Rule{"x", "group", "mapping.toml", 6}, Pos: policy.Position{File: "p.json", Line: 2, Column: 3}}},
		{"s3:CreateBucket", "b", Answer{Outcome: policy.ImplicitDeny, Statement: -1}},
	}
	for _, tt := range tests {
		got := g.Evaluate(&policy.Request{Action: tt.action, Bucket: tt.bucket, Object: "o"})
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.action, diff)
		}
	}
	only := m.Principal(Principal{Groups: []string{"g-reports", "g-logs"}}, now)
	got := only.Evaluate(&policy.Request{Action: "s3:GetObject", Bucket: "logs", Object: "o"})
	want := Answer{Outcome: policy.Allow, Policy: "tm", Sid: "Team", Rule: Rule{"g-{bucket}", "group", "mapping.toml", 3}, Pos: policy.Position{File: "mapping.toml", Line: 13, Column: 4}}
	if diff := cmp.Diff(want, got); diff != "" || !got.Allowed() {
		t.Error(diff)
	}
	if got := only.Evaluate(&policy.Request{Action: "s3:GetObject", Bucket: "other", Object: "o"}); got.Allowed() {
		t.Errorf("a capture let another bucket through: %v", got)
	}
	if got := g.Evaluate(&policy.Request{Action: "admin:CreateServiceAccount", DenyOnly: true}); got.Outcome != policy.AllowDenyOnly || !got.Allowed() || got.Statement != -1 {
		t.Errorf("denyOnly: %v", got)
	}
}

const guarded = `
[[group]]
name = "admins"
policies = ["consoleAdmin"]
[[account]]
name = "velero"
policies = ["readwrite"]
[[policy]]
name = "keep"
document = '{"Statement":[{"Sid":"Keep","Effect":"Deny","Action":["s3:DeleteObject"],"Resource":["arn:aws:s3:::b/*"]}]}'
[[policy]]
name = "still"
document = '{"Statement":[{"Effect":"Deny","Action":["s3:PutObject"],"Resource":["arn:aws:s3:::b/*"]}]}'
[[guard]]
name = "first"
policy = "still"
[[guard]]
name = "second"
policy = "keep"
except_groups = ["break-glass", "a, b"]
issuer = "one"
`

func TestGuardsBindAllButThoseTheyExcept(t *testing.T) {
	m := mustLoad(t, guarded)
	remove := &policy.Request{Action: "s3:DeleteObject", Bucket: "b", Object: "o"}
	tests := []struct {
		name string
		g    *Grants
		want string
	}{
		{"an administrator", m.Principal(Principal{Issuer: "one", Groups: []string{"admins"}}, now), "second"},
		{"an account", m.Account("velero", now), "second"},
		{"an excepted group", m.Principal(Principal{Issuer: "one", Groups: []string{"admins", "break-glass"}}, now), ""},
		{"an excepted group with a comma", m.Principal(Principal{Issuer: "one", Groups: []string{"a, b", "admins"}}, now), ""},
		{"half of its name", m.Principal(Principal{Issuer: "one", Groups: []string{"a", "b", "admins"}}, now), "second"},
		{"the group of another issuer", m.Principal(Principal{Issuer: "two", Groups: []string{"admins", "break-glass"}}, now), "second"},
		{"nobody, who holds nothing", m.Principal(Principal{Issuer: "one"}, now), ""},
		{"no grants", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, denyOnly := range []bool{false, true} {
				r := *remove
				r.DenyOnly = denyOnly
				answer, denies := tt.g.Guard(&r)
				if denies != (tt.want != "") || answer.Rule.Name != tt.want {
					t.Errorf("denyOnly %v: %v %+v", denyOnly, denies, answer)
				}
			}
			if answer, denies := tt.g.Guard(&policy.Request{Action: "s3:GetObject", Bucket: "b", Object: "o"}); denies || answer.Statement != -1 {
				t.Errorf("a guard denies what it does not name: %v", answer)
			}
		})
	}
	answer, _ := tests[0].g.Guard(remove)
	want := Answer{
		Outcome: policy.ExplicitDeny, Rule: Rule{"second", "guard", "mapping.toml", 18}, Policy: "keep", Sid: "Keep",
		Pos: policy.Position{File: "mapping.toml", Line: 11, Column: 27},
	}
	if diff := cmp.Diff(want, answer); diff != "" {
		t.Error(diff)
	}
	put := &policy.Request{Action: "s3:PutObject", Bucket: "b", Object: "o"}
	if answer, _ := tests[2].g.Guard(put); answer.Rule.Name != "first" {
		t.Errorf("an exception from one guard exempts from another: %v", answer)
	}
}

func TestNilGrantsGrantNothing(t *testing.T) {
	var g *Grants
	if !g.Empty() || !g.Until().IsZero() || g.Rules() != nil || g.Policies() != nil || g.Ignored() != nil || !g.Unconditional() {
		t.Error("nil grants hold something")
	}
	for _, denyOnly := range []bool{false, true} {
		if got := g.Evaluate(&policy.Request{Action: "s3:GetObject", DenyOnly: denyOnly}); got.Allowed() || got.Statement != -1 {
			t.Errorf("%+v", got)
		}
	}
	if (Answer{}).Allowed() {
		t.Error("the zero answer allows")
	}
}

func TestUnconditionalIsOfGrantsAndGuards(t *testing.T) {
	conditional := `{"Statement":[{"Effect":"Deny","Action":["s3:PutObject"],"Resource":["*"],"Condition":{"StringEquals":{"jwt:sub":["x"]}}}]}`
	const p = "[[policy]]\nname = \"c\"\ndocument = '%s'\n"
	plain := mustLoad(t, aGroup)
	inGuard := mustLoad(t, aGroup+"[[guard]]\nname = \"n\"\npolicy = \"c\"\n"+fmt.Sprintf(p, conditional))
	inGrant := mustLoad(t, strings.Replace(aGroup, "readonly", "c", 1)+fmt.Sprintf(p, conditional))
	for i, want := range []bool{true, false, false} {
		m := []*Mapping{plain, inGuard, inGrant}[i]
		if got := m.Principal(Principal{Groups: []string{"g"}}, now).Unconditional(); got != want {
			t.Errorf("mapping %d: %v", i, got)
		}
	}
}

func TestEqualGrantsShareWhatIsCompiled(t *testing.T) {
	m := mustLoad(t, `
[[group]]
name = "a"
policies = ["readonly", "writeonly"]
[[group]]
name = "b"
policies = ["writeonly", "readonly"]
[[group]]
match = "g-{bucket}"
policies = ["tm"]
[[policy]]
name = "tm"
document = '`+team+`'
`)
	of := func(groups ...string) *Grants { return m.Principal(Principal{Groups: groups}, now) }
	if first, second := of("a"), of("a"); first.bundle != second.bundle {
		t.Error("equal rules are compiled twice")
	}
	if of("a").bundle == of("b").bundle || of("a").set != of("b").set {
		t.Error("different rules with equal policies: want different bundles and the same set")
	}
	if of("g-one").set == of("g-two").set {
		t.Error("two buckets share a set")
	}
	if of("a", "b").set != of("b", "a", "zzz").set {
		t.Error("the order of groups matters")
	}
	// The reason is the first rule of the mapping, for every order of groups in the token.
	if got := of("b", "a").Evaluate(&policy.Request{Action: "s3:PutObject", Bucket: "b", Object: "o"}).Rule.Name; got != "a" {
		t.Errorf("rule %q", got)
	}
}

func TestCacheIsBoundedAndKeepsWhatIsUsed(t *testing.T) {
	var c cache[int]
	computed := map[int]int{}
	ask := func(i int) {
		got := c.get([]byte(fmt.Sprint(i)), func() int { computed[i]++; return i })
		if got != i {
			t.Fatalf("asked %d, got %d", i, got)
		}
	}
	for i := range 10 * cacheSize {
		ask(i)
		ask(-1) // stays in use
		if len(c.now) > cacheSize || len(c.old) > cacheSize {
			t.Fatal("the cache grows")
		}
	}
	if computed[-1] != 1 {
		t.Errorf("what is in use was computed %d times", computed[-1])
	}
	// Two goroutines that compute the same key at once get one value.
	var d cache[*int]
	first := new(int)
	got := d.get([]byte("k"), func() *int {
		d.get([]byte("k"), func() *int { return first })
		return new(int)
	})
	if got != first {
		t.Error("two values for one key")
	}
}

func TestPrincipalFromManyGoroutines(t *testing.T) {
	m := mustLoad(t, guarded+"[[group]]\nmatch = \"g-{bucket}\"\npolicies = [\"tm\"]\n[[policy]]\nname = \"tm\"\ndocument = '"+team+"'\n")
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for i := range 500 {
				bucket := fmt.Sprintf("bucket-%d", (i*(n+1))%100)
				g := m.Principal(Principal{Issuer: "one", Groups: []string{"g-" + bucket, "admins"}}, now)
				if a := g.Evaluate(&policy.Request{Action: "s3:GetObject", Bucket: bucket, Object: "o"}); !a.Allowed() {
					t.Errorf("%s: %v", bucket, a)
				}
				if _, denies := g.Guard(&policy.Request{Action: "s3:PutObject", Bucket: "b", Object: "o"}); !denies {
					t.Error("the guard does not deny")
				}
			}
		})
	}
	wg.Wait()
}

// Callers cache decisions by the address of the grants.
func TestAnAccountsGrantsAreTheSameEveryTime(t *testing.T) {
	m := mustLoad(t, "[[account]]\nname = \"velero\"\npolicies = [\"readwrite\"]\nexpires = 2030-01-01\n")
	first, second := m.Account("velero", now), m.Account("velero", now)
	if first != second {
		t.Error("two calls return different grants")
	}
	if g := m.Account("velero", now.AddDate(50, 0, 0)); g == nil || !g.Empty() {
		t.Error("the cached grants are used after the rule has expired")
	}
}
