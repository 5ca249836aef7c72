package mapping

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/claimgate/claimgate/mapping/policy"
)

// grantedBy returns the rules that grant, and the policies that they grant.
func grantedBy(g *Grants) string {
	var rules []string
	for _, r := range g.Rules() {
		rules = append(rules, fmt.Sprintf("%s %q", r.Kind, r.Name))
	}
	return strings.Join(rules, ", ") + ": " + strings.Join(g.Policies(), ",")
}

const nothing = ": "

func TestWhoHoldsWhat(t *testing.T) {
	m := mustLoad(t, `
[claim]
name = "policy"
allow = ["readonly", "readOnlyPlus"]
[[group]]
name = "plain"
policies = ["readonly", "writeonly"]
[[group]]
name = " a, \"b\"/ü *?${jwt:sub} "
policies = ["readwrite"]
[[group]]
name = "scoped"
issuer = "one"
policies = ["readonly"]
[[group]]
name = "scoped"
issuer = "two"
policies = ["writeonly"]
[[group]]
name = "late"
expires = 2027-02-28
policies = ["consoleAdmin"]
[[group]]
name = "today"
expires = 2027-03-01
policies = ["readonly"]
[[group]]
match = "rw-{bucket}"
policies = ["tm"]
[[group]]
match = "{team}/{bucket}/x"
issuer = "one"
policies = ["tm", "readonly"]
[[user]]
subject = "s"
policies = ["diagnostics"]
[[user]]
subject = "s"
issuer = "two"
policies = ["writeonly"]
[[account]]
name = "velero"
policies = ["readwrite"]
[[account]]
name = "old"
expires = 2027-03-01T12:00:00Z
policies = ["readwrite"]
[[policy]]
name = "ReadOnlyPlus"
document = '{"Statement":[{"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::*"]}]}'
[[policy]]
name = "tm"
document = '`+team+`'
`)
	tests := []struct {
		name string
		p    Principal
		want string
	}{
		{"nobody", Principal{}, nothing},
		{"an exact name", Principal{Groups: []string{"plain"}}, `group "plain": readonly,writeonly`},
		{"the name twice", Principal{Groups: []string{"plain", "plain"}}, `group "plain": readonly,writeonly`},
		{"another case", Principal{Groups: []string{"Plain"}}, nothing},
		{"a blank more", Principal{Groups: []string{"plain ", " plain", "plain\n"}}, nothing},
		{"two names in one", Principal{Groups: []string{"plain,late"}}, nothing},
		{"an odd name", Principal{Groups: []string{` a, "b"/ü *?${jwt:sub} `}}, `group " a, \"b\"/ü *?${jwt:sub} ": readwrite`},
		{"an odd name in another composition", Principal{Groups: []string{" a, \"b\"/u\u0308 *?${jwt:sub} "}}, nothing},
		{"no group at all", Principal{Groups: []string{""}}, nothing},
		{"one issuer", Principal{Issuer: "one", Groups: []string{"scoped"}}, `group "scoped": readonly`},
		{"another issuer", Principal{Issuer: "two", Groups: []string{"scoped"}}, `group "scoped": writeonly`},
		{"a third issuer", Principal{Issuer: "three", Groups: []string{"scoped"}}, nothing},
		{"no issuer", Principal{Groups: []string{"scoped"}}, nothing},
		{"expired", Principal{Groups: []string{"late"}}, nothing},
		{"the last day", Principal{Groups: []string{"today"}}, `group "today": readonly`},
		{"a pattern", Principal{Groups: []string{"rw-reports"}}, `group "rw-{bucket}": tm`},
		{"a pattern twice", Principal{Groups: []string{"rw-reports", "rw-logs"}}, `group "rw-{bucket}": tm`},
		{"a pattern, no bucket", Principal{Groups: []string{"rw-", "rw-ab", "rw-Reports", "rw-a_b", "rw-192.168.0.1", "rw-*", "rw-${group:bucket}", "xrw-reports"}}, nothing},
		{"a pattern of one issuer", Principal{Issuer: "one", Groups: []string{"data/reports/x"}}, `group "{team}/{bucket}/x": readonly,tm`},
		{"a pattern of another issuer", Principal{Issuer: "two", Groups: []string{"data/reports/x"}}, nothing},
		{"a subject", Principal{Issuer: "one", Subject: "s"}, `user "s": diagnostics`},
		{"a subject of one issuer", Principal{Issuer: "two", Subject: "s"}, `user "s", user "s": diagnostics,writeonly`},
		{"a subject that is an account", Principal{Subject: "velero"}, nothing},
		{"the claim", Principal{Claim: []string{"readonly"}}, `claim "policy": readonly`},
		{"the claim in another case", Principal{Claim: []string{"readOnly,READONLY"}}, `claim "policy": readonly`},
		{"a custom policy in the claim", Principal{Claim: []string{" readonlyplus ,, "}}, `claim "policy": ReadOnlyPlus`},
		{"the Kelvin sign is no k", Principal{Claim: []string{"readonly\u212a"}}, nothing},
		{"what the claim may not grant", Principal{Claim: []string{"readwrite", "consoleAdmin", "tm"}}, nothing},
		{"all at once", Principal{Issuer: "two", Subject: "s", Groups: []string{"rw-logs", "plain"}, Claim: []string{"x,readonly"}}, `claim "policy", group "plain", group "rw-{bucket}", user "s", user "s": diagnostics,readonly,writeonly,tm`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := m.Principal(tt.p, now)
			if got := grantedBy(g); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if g.Empty() != (tt.want == nothing) {
				t.Errorf("empty is %v", g.Empty())
			}
		})
	}
	t.Run("accounts", func(t *testing.T) {
		for name, want := range map[string]string{"velero": `account "velero": readwrite`, "old": nothing, "s": nothing, "Velero": nothing, "": nothing} {
			if got := grantedBy(m.Account(name, now)); got != want {
				t.Errorf("%q: %s, want %s", name, got, want)
			}
		}
		if m.Account("old", now.Add(-time.Second)).Empty() {
			t.Error("a grant expired too early")
		}
	})
}

func TestNoClaimTableMeansTheClaimGrantsNothing(t *testing.T) {
	m := mustLoad(t, aGroup)
	g := m.Principal(Principal{Claim: []string{"readonly, x", "x", ""}}, now)
	if !g.Empty() {
		t.Error(grantedBy(g))
	}
	if diff := cmp.Diff([]string{"readonly", "x"}, g.Ignored()); diff != "" {
		t.Error(diff)
	}
	if m.ClaimName() != "policy" {
		t.Error(m.ClaimName())
	}
	named := mustLoad(t, "[claim]\nname = \"minio\"\nallow = [\"readonly\"]\n")
	if named.ClaimName() != "minio" {
		t.Error(named.ClaimName())
	}
	if g := named.Principal(Principal{Claim: []string{"readonly,y"}}, now); grantedBy(g) != `claim "minio": readonly` || !slices.Equal(g.Ignored(), []string{"y"}) {
		t.Error(grantedBy(g), g.Ignored())
	}
}

func TestGrantsEndWhenTheFirstOfThemExpires(t *testing.T) {
	m := mustLoad(t, `
[[group]]
name = "date"
policies = ["readonly"]
expires = 2027-03-31
[[group]]
name = "local"
policies = ["readonly"]
expires = 2027-03-31 23:00:00
[[group]]
name = "zoned"
policies = ["readonly"]
expires = 2027-03-31t23:00:00+02:00
[[group]]
name = "never"
policies = ["readonly"]
`)
	at := func(text string) time.Time {
		v, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	ends := map[string]time.Time{
		"date": at("2027-04-01T00:00:00Z"), "local": at("2027-03-31T23:00:00Z"), "zoned": at("2027-03-31T21:00:00Z"),
	}
	for group, end := range ends {
		p := Principal{Groups: []string{group}}
		before, after := m.Principal(p, end.Add(-1)), m.Principal(p, end)
		if before.Empty() || !before.Until().Equal(end) {
			t.Errorf("%s: until %v, want %v", group, before.Until(), end)
		}
		if !after.Empty() || !after.Until().IsZero() {
			t.Errorf("%s: not expired at %v", group, end)
		}
	}
	all := []string{"date", "never", "local", "zoned"}
	if got := m.Principal(Principal{Groups: all}, now).Until(); !got.Equal(ends["zoned"]) {
		t.Errorf("until %v", got)
	}
	// An expired rule does not shorten the lifetime of the others.
	if got := m.Principal(Principal{Groups: all}, ends["zoned"]).Until(); !got.Equal(ends["local"]) {
		t.Errorf("until %v", got)
	}
	if got := m.Principal(Principal{Groups: []string{"never"}}, now).Until(); !got.IsZero() {
		t.Errorf("until %v", got)
	}
	var listed []string
	for _, e := range m.Expiries() {
		listed = append(listed, e.Rule.Name+" "+e.At.Format(time.RFC3339))
	}
	if diff := cmp.Diff([]string{"date 2027-04-01T00:00:00Z", "local 2027-03-31T23:00:00Z", "zoned 2027-03-31T21:00:00Z"}, listed); diff != "" {
		t.Error(diff)
	}
}

// For all group names and all rules, a principal holds exactly what the rules for these bytes grant.
func TestGroupNamesAreData(t *testing.T) {
	names := rapid.OneOf(
		rapid.String(),
		rapid.SampledFrom([]string{"a", "A", "a ", " a", "a,b", "b", "*", "?", "${jwt:sub}", "{bucket}", "ä", "a\u0308", "a\x00", "readonly", "..", "\"", "'''", "\\", "[[group]]", "#"}),
	)
	rapid.Check(t, func(t *rapid.T) {
		rules := rapid.SliceOfNDistinct(names, 1, 8, rapid.ID).Draw(t, "rules")
		held := rapid.SliceOfN(names, 0, 8).Draw(t, "held")
		var text strings.Builder
		text.WriteString("version = 1\n")
		granted := map[string]bool{}
		for _, name := range rules {
			if name == "" {
				continue
			}
			granted[name] = true
			fmt.Fprintf(&text, "[[group]]\nname = %s\npolicies = [\"readonly\"]\n", quoteTOML(name))
		}
		if len(granted) == 0 {
			return
		}
		m, findings := loadText(text.String())
		if m == nil {
			t.Fatalf("refused: %v\n%s", findings, text.String())
		}
		var want []string
		for _, name := range rules {
			if granted[name] && slices.Contains(held, name) {
				want = append(want, name)
			}
		}
		g := m.Principal(Principal{Groups: held, Subject: "s"}, now)
		var got []string
		for _, r := range g.Rules() {
			got = append(got, r.Name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("rules %q, groups %q: %s", rules, held, diff)
		}
	})
}

// quoteTOML writes a text as a TOML basic string.
func quoteTOML(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range strings.ToValidUTF8(s, "\ufffd") {
		if r == '"' || r == '\\' || r < ' ' || r == 0x7f {
			fmt.Fprintf(&b, "\\u%04X", r)
		} else {
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func TestRootEquivalentActionsExist(t *testing.T) {
	for _, action := range RootEquivalent() {
		if !slices.Contains(policy.Actions(), action) {
			t.Errorf("there is no action %s", action)
		}
	}
}
