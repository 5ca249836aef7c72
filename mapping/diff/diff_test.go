package diff_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/anymapping"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
	"github.com/claimgate/claimgate/mapping/diff"
	"github.com/claimgate/claimgate/mapping/policy"
	"pgregory.net/rapid"
)

var now = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)

// The words of random mappings and of the probes.
var (
	someActions = []string{
		`"s3:GetObject"`, `"s3:PutObject"`, `"s3:Get*"`, `"s3:*"`, `"s3:DeleteObject","s3:ListBucket"`, `"admin:*"`,
		`"admin:ServerInfo"`, `"kms:*"`, `"kms:CreateKey"`, `"s3:GetObjectVersion"`,
	}
	someResources = []string{"*", "b/*", "b", "b*", "bb/*", "b?/x*", "*/x", "b/secret/*", "b/*/d", "c/*", "*b/*x*", "b/x"}
	someContexts  = []string{"b/${aws:username}/*", "${jwt:sub}/*", "b/secret/${aws:username}", "${claim:dept}"}
	buckets       = []string{"", "b", "bb", "bcd", "c", "bcd-x", "bcd-x-x"}
	variables     = append(policy.Variables(), "claim:dept")
	addressTests  = []string{`{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`, `{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`}
	claimTests    = []string{ // the claim may have another type than the operator needs
		`{"StringEquals":{"claim:dept":"eng"}}`, `{"StringNotEquals":{"claim:dept":"eng"}}`, `{"NumericLessThan":{"claim:dept":1},"NumericGreaterThan":{"claim:dept":5}}`,
	}
	lockTests = []string{ // two different values are unknown
		`{"StringEquals":{"s3:object-lock-mode":"GOVERNANCE"}}`, `{"StringEquals":{"s3:object-lock-mode":"GOVERNANCE"},"StringNotEquals":{"s3:object-lock-mode":"GOVERNANCE"}}`,
	}
	objects = []string{"", "x", "secret/x", "k/d", "xx", "secret/alice", "alice/x", "bcd/x"}
)

// writer writes random mappings. With contexts, policies have conditions and variables.
type writer struct {
	*rapid.T
	text     strings.Builder
	contexts bool
}

func (w *writer) statement(deny, capture bool) string {
	actions := anymapping.Pick(w.T, "actions", someActions)
	effect := "Allow"
	if deny {
		effect = "Deny"
	}
	member := "Action"
	if strings.HasPrefix(actions, `"s3:`) && rapid.IntRange(0, 9).Draw(w.T, "not") == 0 {
		member = "NotAction"
	}
	resources := someResources
	if w.contexts {
		resources = slices.Concat(resources, someContexts)
	}
	if capture {
		resources = append(slices.Clone(resources), "${group:bucket}/*", "${group:bucket}/*", "${group:bucket}-x/*", "${group:bucket}", "b/${group:bucket}/*")
	}
	var list []string
	arn := "arn:aws:s3:::"
	if strings.HasPrefix(actions, `"kms:`) {
		arn, resources = "arn:minio:kms:::", []string{"b", "b*", "*"}
	}
	for range rapid.IntRange(1, 2).Draw(w.T, "resources") {
		list = append(list, `"`+arn+anymapping.Pick(w.T, "resource", resources)+`"`)
	}
	about := "Resource"
	if arn == "arn:aws:s3:::" && strings.HasPrefix(actions, `"s3:`) && rapid.IntRange(0, 4).Draw(w.T, "not") == 0 {
		about = "NotResource"
	}
	condition := ""
	if w.contexts && rapid.Bool().Draw(w.T, "condition") {
		tests := slices.Concat(addressTests, addressTests, claimTests)
		if actions == `"s3:PutObject"` || actions == `"s3:*"` {
			tests = append(tests, lockTests...)
		}
		condition = `,"Condition":` + anymapping.Pick(w.T, "test", tests)
	}
	return fmt.Sprintf(`{"Effect":%q,%q:[%s],%q:[%s]%s}`, effect, member, actions, about, strings.Join(list, ","), condition)
}

func (w *writer) policy(name string, guard, capture bool) {
	var list []string
	for i := range rapid.IntRange(1, 3).Draw(w.T, "statements") {
		list = append(list, w.statement(guard && i == 0 || rapid.IntRange(0, 3).Draw(w.T, "deny") == 0, capture))
	}
	fmt.Fprintf(&w.text, "[[policy]]\nname = %q\ndocument = '''{\"Statement\":[%s]}'''\n", name, strings.Join(list, ","))
}

// mapping writes and loads a random mapping. There are few names, so that rules often name the same people.
func (w *writer) mapping(dir, name string) *mapping.Mapping {
	w.text.Reset()
	w.text.WriteString("version = 1\n[claim]\nallow = [\"readonly\"]\n")
	for _, p := range []string{"p1", "p2"} {
		w.policy(p, false, false)
	}
	w.policy("own", false, true)
	w.policy("g", true, false)
	grants := []string{`"p1"`, `"p2"`, `"p1","p2"`, `"readonly"`, `"p2","writeonly"`}
	issuer := func() string {
		return anymapping.Pick(w.T, "issuer", []string{"", "", "", "issuer = \"one\"\n"})
	}
	for _, g := range []string{"g1", "g2", "x"} {
		if rapid.Bool().Draw(w.T, "group") {
			fmt.Fprintf(&w.text, "[[group]]\nname = %q\n%spolicies = [%s]\n%s", g, issuer(), anymapping.Pick(w.T, "policies", grants),
				anymapping.Pick(w.T, "expires", []string{"", "", "expires = 2026-06-30\n", "expires = 2027-06-30\n"}))
		}
	}
	if rapid.Bool().Draw(w.T, "match") {
		fmt.Fprintf(&w.text, "[[group]]\nmatch = %q\npolicies = [\"own\"]\n", anymapping.Pick(w.T, "pattern", []string{"team-{bucket}", "team-{bucket}-{x}"}))
	}
	if rapid.Bool().Draw(w.T, "user") {
		fmt.Fprintf(&w.text, "[[user]]\nsubject = \"u\"\npolicies = [%s]\n", anymapping.Pick(w.T, "policies", grants))
	}
	if rapid.Bool().Draw(w.T, "account") {
		fmt.Fprintf(&w.text, "[[account]]\nname = \"a\"\npolicies = [%s]\n", anymapping.Pick(w.T, "policies", grants))
	}
	if rapid.Bool().Draw(w.T, "guard") {
		fmt.Fprintf(&w.text, "[[guard]]\nname = \"guard\"\npolicy = \"g\"\nexcept_groups = [%s]\n", anymapping.Pick(w.T, "except", []string{"", `"x"`, `"g1"`}))
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(w.text.String()), 0o600); err != nil {
		w.Fatal(err)
	}
	m, found := mapping.Load(path)
	if m == nil {
		w.Fatalf("%v\n%s", found, w.text.String())
	}
	return m
}

// asker is a real identity, with the name of its principal in the output of diff.
type asker struct {
	name    string
	account string
	who     mapping.Principal
	shown   map[string]string // the text of each capture, such as {bucket}, for this identity
	ctx     request           // the condition keys of the request
}

func askers() []asker {
	group := func(name, issuer string, groups ...string) asker {
		return asker{name: name, who: mapping.Principal{Issuer: issuer, Groups: groups}}
	}
	var all []asker
	for _, issuer := range []string{"one", "two"} {
		all = append(all,
			group("group:g1", issuer, "g1"), group("group:g2", issuer, "g2"), group("group:x", issuer, "x"),
			asker{name: "user:u", who: mapping.Principal{Issuer: issuer, Subject: "u"}},
			asker{name: "claim:policy=readonly", who: mapping.Principal{Issuer: issuer, Claim: []string{"readonly"}}},
		)
	}
	return append(all, asker{name: "account:a", account: "a"},
		asker{name: "group:team-{bucket}", who: mapping.Principal{Issuer: "two", Groups: []string{"team-bcd"}}, shown: map[string]string{"{bucket}": "bcd"}},
		asker{
			name: "group:team-{bucket}-{x}", who: mapping.Principal{Issuer: "two", Groups: []string{"team-bcd-x"}},
			shown: map[string]string{"{bucket}": "bcd", "{x}": "x"},
		},
	)
}

// namedIn returns the asker with the name that diff uses for these mappings: that of the more specific of two
// matching patterns, if a rule has that pattern.
func (a asker) namedIn(mappings ...*mapping.Mapping) asker {
	if a.name != "group:team-{bucket}-{x}" {
		return a
	}
	for _, m := range mappings {
		if slices.ContainsFunc(m.Rules(), func(r mapping.RuleInfo) bool { return "group:"+r.Name == a.name }) {
			return a
		}
	}
	a.name, a.shown = "group:team-{bucket}", map[string]string{"{bucket}": "bcd-x"}
	return a
}

func (a *asker) holds(m *mapping.Mapping, t time.Time) *mapping.Grants {
	if a.account != "" {
		return m.Account(a.account, t)
	}
	return m.Principal(a.who, t)
}

// says returns true if the list has a change of the action on the resource for the asker at the time t.
func says(list []diff.Change, a *asker, names []string, action, bucket, object string, t time.Time) bool {
	for _, c := range list {
		if !slices.Contains(names, c.Principal) || !slices.Contains(c.Actions, action) {
			continue
		}
		issuer := a.who.Issuer
		if c.Issuer != "" && c.Issuer != issuer && (c.Issuer != "any other" || issuer == "one") {
			continue
		}
		if c.From != nil && t.Before(*c.From) {
			continue
		}
		within := func(text string) bool { return named([]string{text}, a, bucket, object, "*") }
		if named(c.Resources, a, bucket, object, "*") && every(c.Within, within) && !named(c.Except, a, bucket, object, "") {
			return true
		}
	}
	return false
}

func every(list []string, holds func(string) bool) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !holds(s) })
}

// named returns true if a printed resource of the list matches bucket and object. It is independent of package
// access: it uses policy.Match. A variable has the value of the request, or unset if there is none.
func named(list []string, a *asker, bucket, object, unset string) bool {
	for _, text := range list {
		if text == "calls that name no key" && bucket == "" && object == "" {
			return true
		}
		text = strings.TrimPrefix(strings.TrimPrefix(text, "arn:aws:s3:::"), "arn:minio:kms:::")
		for capture, held := range a.shown {
			text = strings.ReplaceAll(text, capture, held)
		}
		for _, v := range variables {
			value := unset
			if held := a.ctx[v]; len(held) > 0 && unset == "" {
				if value = strings.Trim(held[0], `"`); strings.HasPrefix(v, "claim:") && value == held[0] {
					value = "" // a claim that is no text
				}
			}
			if (value == "" || value == "*" && unset == "") && strings.Contains(text, v) {
				text = "\x00"
			}
			text = strings.ReplaceAll(text, "${"+v+"}", value)
		}
		if policy.Match(text, bucket+"/"+object) || object == "" && text == bucket && text != "" {
			return true
		}
	}
	return false
}

// show returns the changes of one principal as text.
func show(r *diff.Result, name string) string {
	var b strings.Builder
	for i, list := range [][]diff.Change{r.Gains, r.Losses} {
		for _, c := range list {
			if strings.Contains(c.Principal, name) {
				fmt.Fprintf(&b, "%s %s %s %v on %v within %v except %v if %v from %v\n", []string{"gain", "loss"}[i], c.Principal, c.Issuer, c.Actions, c.Resources, c.Within, c.Except, c.Conditions, c.From)
			}
		}
	}
	return b.String()
}

func text(dir, name string) string {
	b, _ := os.ReadFile(filepath.Join(dir, name))
	return string(b)
}

// fits returns true if MinIO asks actions of the kind about such a resource.
func fits(kind access.Kind, bucket, object string) bool {
	switch kind {
	case access.ObjectKind:
		return bucket != "" && object != ""
	case access.BucketKind:
		return bucket != "" && object == ""
	case access.ClusterKind:
		return bucket == "" && object == ""
	case access.KeyKind:
		return object == ""
	case access.AnyKind:
	}
	return bucket != "" || object == ""
}

func eachProbe(visit func(action, bucket, object string)) {
	for _, action := range policy.Actions() {
		for _, bucket := range buckets {
			for _, object := range objects {
				if fits(access.KindOf(action), bucket, object) {
					visit(action, bucket, object)
				}
			}
		}
	}
}

func allowed(g *mapping.Grants, ctx policy.Context, action, bucket, object string) bool {
	r := &policy.Request{Action: action, Bucket: bucket, Object: object, Context: ctx}
	_, denied := g.Guard(r)
	return !denied && g.Evaluate(r).Allowed()
}

// diff prints exactly the gains and losses that the evaluator shows for every action on every probe.
func TestDiffIsWhatAskingFinds(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		w := &writer{T: t}
		before, after := w.mapping(dir, "old.toml"), w.mapping(dir, "new.toml")
		result := diff.Compare(before, after, now)
		times := []time.Time{now, time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC)}
		a := anymapping.Pick(t, "asker", askers()).namedIn(before, after)
		at := anymapping.Pick(t, "time", times)
		if at != now && !slices.ContainsFunc(slices.Concat(before.Rules(), after.Rules()), func(r mapping.RuleInfo) bool { return r.Expires.After(now) }) {
			at = now
		}
		x, y := a.holds(before, at), a.holds(after, at)
		eachProbe(func(action, bucket, object string) {
			was, is := allowed(x, nil, action, bucket, object), allowed(y, nil, action, bucket, object)
			gain, loss := says(result.Gains, &a, []string{a.name}, action, bucket, object, at), says(result.Losses, &a, []string{a.name}, action, bucket, object, at)
			if at != now { // a gain of now may be lost again later, so only what is missing is an error
				if is && !was && !gain || was && !is && !loss {
					t.Fatalf("%s %s %s/%s later: was %v, is %v: not said\n%s", a.name, action, bucket, object, was, is, show(result, a.name))
				}
				return
			}
			if gain != (is && !was) || loss != (was && !is) {
				t.Fatalf("%s at %q, %s %s/%s: was %v, is %v, but said gain %v, loss %v\n%s\nold\n%s\nnew\n%s", a.name, a.who.Issuer, action, bucket, object, was, is, gain, loss, show(result, a.name), text(dir, "old.toml"), text(dir, "new.toml"))
			}
		})
	})
}

// An identity in two groups gains exactly what diff prints for the one, for the other, and for both together.
func TestDiffKnowsWhoIsTwoAtOnce(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		w := &writer{T: t}
		before, after := w.mapping(dir, "old.toml"), w.mapping(dir, "new.toml")
		result := diff.Compare(before, after, now)
		names := anymapping.Pick(t, "pair", [][]string{{"g1", "x"}, {"g1", "g2"}, {"g2", "x"}})
		a := asker{name: "group:" + names[1], who: mapping.Principal{Issuer: "two", Groups: names}}
		single := []string{"group:" + names[0], "group:" + names[1]}
		together := []string{single[0] + " + " + single[1], single[1] + " + " + single[0]}
		x, y := a.holds(before, now), a.holds(after, now)
		eachProbe(func(action, bucket, object string) {
			was, is := allowed(x, nil, action, bucket, object), allowed(y, nil, action, bucket, object)
			if is && !was && !says(result.Gains, &a, append(single, together...), action, bucket, object, now) {
				t.Fatalf("%v gain %s %s/%s, and nothing says so\n%s", names, action, bucket, object, show(result, a.name))
			}
			if was && !is && !says(result.Losses, &a, append(single, together...), action, bucket, object, now) {
				t.Fatalf("%v lose %s %s/%s, and nothing says so\n%s", names, action, bucket, object, show(result, a.name))
			}
			if (was || !is) && says(result.Gains, &a, together, action, bucket, object, now) {
				t.Fatalf("%v do not gain %s %s/%s\n%s", names, action, bucket, object, show(result, a.name))
			}
		})
	})
}

type request map[string][]string

func (r request) Values(key string) []string { return r[key] }

// With conditions and variables, diff prints every change that a request shows, and may print more.
func TestDiffMissesNoGainUnderConditions(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		w := &writer{T: t, contexts: true}
		before, after := w.mapping(dir, "old.toml"), w.mapping(dir, "new.toml")
		result := diff.Compare(before, after, now)
		a := anymapping.Pick(t, "asker", askers()).namedIn(before, after)
		x, y := a.holds(before, now), a.holds(after, now)
		ctx := request{}
		for _, values := range [][]string{
			{"aws:SourceIp", "", "10.1.1.1", "192.0.2.1", "unknown"}, {"aws:username", "", "alice", "x"}, {"jwt:sub", "", "b", "*"}, {"claim:dept", "", `"eng"`, `"hr"`, `"b/x"`, "7", "{}"},
		} {
			if value := anymapping.Pick(t, values[0], values[1:]); value != "" {
				ctx[values[0]] = []string{value}
			}
		}
		ctx["s3:object-lock-mode"] = anymapping.Pick(t, "lock", [][]string{nil, {"GOVERNANCE"}, {"GOVERNANCE", "COMPLIANCE"}})
		a.ctx = ctx
		eachProbe(func(action, bucket, object string) {
			was, is := allowed(x, ctx, action, bucket, object), allowed(y, ctx, action, bucket, object)
			if is && !was && !says(result.Gains, &a, []string{a.name}, action, bucket, object, now) {
				t.Fatalf("%s gains %s %s/%s, and nothing says so: %v\n%s", a.name, action, bucket, object, ctx, show(result, a.name))
			}
			if was && !is && !says(result.Losses, &a, []string{a.name}, action, bucket, object, now) {
				t.Fatalf("%s loses %s %s/%s, and nothing says so: %v\n%s", a.name, action, bucket, object, ctx, show(result, a.name))
			}
		})
	})
}

// There is no change between a mapping and itself.
func TestAMappingDoesNotDifferFromItself(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		w := &writer{T: t, contexts: true}
		m := w.mapping(dir, "old.toml")
		again, _ := mapping.Load(filepath.Join(dir, "old.toml"))
		r := diff.Compare(m, again, now)
		if len(r.Gains)+len(r.Losses)+len(r.SelfServiceGains)+len(r.SelfServiceLosses) > 0 {
			t.Fatalf("%+v", r)
		}
	})
}

// A capture may be any bucket, also a bucket that another policy names.
func TestACaptureMayBeAnyBucket(t *testing.T) {
	load := func(text string) *mapping.Mapping {
		return anymapping.Load(t, "version = 1\n[[group]]\nmatch = \"team-{bucket}\"\npolicies = [\"own\"]\n"+text)
	}
	const allow = `{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::${group:bucket}/*"]}`
	const deny = `{"Effect":"Deny","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::payroll/*"]}`
	before := load("[[policy]]\nname = \"own\"\ndocument = '''{\"Statement\":[" + allow + "," + deny + "]}'''\n")
	after := load("[[policy]]\nname = \"own\"\ndocument = '''{\"Statement\":[" + allow + "]}'''\n")
	a := asker{name: "group:team-{bucket}", shown: map[string]string{"{bucket}": "payroll"}}
	if r := diff.Compare(before, after, now); !says(r.Gains, &a, []string{a.name}, "s3:GetObject", "payroll", "x", now) || !r.Gained() {
		t.Errorf("team-payroll may read payroll now, and nothing says so: %+v", r)
	}
}

// TestMain fixes the seed, so that every run compares the same mappings. -rapid.seed tries others.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("rapid.seed"); f.Value.String() == f.DefValue {
		if err := flag.Set("rapid.seed", "1"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// A policy allows every bucket except b, and denies every bucket except the captured one. A group gains the
// captured bucket, unless that is b.
func TestADenyOfAllButACaptureLeavesTheCapture(t *testing.T) {
	const text = `version = 1
[[policy]]
name = "own"
document = '''{"Statement":[{"Effect":"Deny","Action":["s3:PutObject"],"NotResource":["arn:aws:s3:::${group:bucket}/*"]},
  {"Effect":"Allow","Action":["s3:PutObject"],"NotResource":["arn:aws:s3:::b/*"]}]}'''
`
	const rule = "[[group]]\nmatch = \"team-{bucket}\"\npolicies = [\"own\"]\n"
	before, after := anymapping.Load(t, text+"[[account]]\nname = \"x\"\npolicies = [\"readonly\"]\n"), anymapping.Load(t, text+rule)
	r := diff.Compare(before, after, now)
	for bucket, gains := range map[string]map[string]bool{
		"bcd": {"bcd": true, "c": false, "b": false}, "b": {"b": false, "bcd": false},
	} {
		a := asker{shown: map[string]string{"{bucket}": bucket}}
		for of, want := range gains {
			if got := says(r.Gains, &a, []string{"group:team-{bucket}"}, "s3:PutObject", of, "x", now); got != want {
				t.Errorf("team-%s and bucket %s: said to gain %v, want %v\n%s", bucket, of, got, want, show(r, "team-{bucket}"))
			}
		}
	}
}
