package invariant_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
	"github.com/claimgate/claimgate/mapping/invariant"
	"github.com/claimgate/claimgate/mapping/policy"
	"pgregory.net/rapid"
)

var now = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)

// world is what an evaluator knows of a request.
type world map[string][]string

func (w world) Values(key string) []string { return w[key] }

// judge asks the evaluator, without a gateway.
func judge(m *mapping.Mapping) invariant.Judge {
	return func(id invariant.Identity, req invariant.Request) (bool, error) {
		w := world{}
		for _, key := range []string{"aws:SourceIp", "aws:username"} {
			for _, name := range policy.ConditionNames(key) {
				if values := req.Conditions[name]; len(values) > 0 {
					w[key] = values
				}
			}
		}
		g := m.Account(id.Account, now)
		if id.Account == "" {
			if id.Subject == "" {
				return false, fmt.Errorf("no subject: %+v", id)
			}
			w["jwt:sub"] = []string{id.Subject}
			if len(id.Groups) > 0 {
				w["aws:groups"], w["jwt:groups"] = id.Groups, id.Groups
			}
			for name, v := range id.Claims {
				w["claim:"+name] = []string{string(must(json.Marshal(v)))}
			}
			g = m.Principal(mapping.Principal{Issuer: id.Issuer, Subject: id.Subject, Groups: id.Groups, Claim: id.Policy}, now)
		}
		r := &policy.Request{Action: req.Action, Bucket: req.Bucket, Object: req.Object, Context: w}
		_, denied := g.Guard(r)
		return !denied && g.Evaluate(r).Allowed(), nil
	}
}

func pick[T any](t *rapid.T, label string, list []T) T {
	return list[rapid.IntRange(0, len(list)-1).Draw(t, label)]
}

func some[T any](t *rapid.T, label string, list []T, least, most int) []T {
	var all []T
	for range rapid.IntRange(least, most).Draw(t, label) {
		all = append(all, pick(t, label, list))
	}
	return all
}

// The words of random mappings and invariants.
var (
	actionWords = []string{
		`"s3:GetObject"`, `"s3:PutObject"`, `"s3:Get*"`, `"s3:*"`, `"s3:DeleteObject","s3:ListBucket"`, `"admin:*"`, `"kms:*"`, `"s3:ListBucket"`,
	}
	resourceWords = []string{"*", "bob/*", "bob", "bo*", "bob/secret/*", "*/x", "cat/*", "b?b/x*", "*b/*x*", "bob/x"}
	variableWords = []string{"bob/${jwt:sub}/*", "${jwt:sub}/*", "bob/${aws:username}", "${claim:dept}/*"}
	captureWords  = []string{"${group:team}/*", "${group:team}", "bob/${group:team}/*", "${group:team}-x/*"}
	conditions    = []string{
		`{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`, `{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`, `{"StringEquals":{"claim:dept":"eng"}}`,
		`{"StringNotEquals":{"claim:dept":["eng","ops"]}}`, `{"Null":{"claim:dept":"true"}}`, `{"ForAnyValue:StringEquals":{"aws:groups":"g2"}}`,
		`{"StringLike":{"aws:username":"b*"}}`, `{"StringEquals":{"jwt:sub":"bob"}}`,
	}
	groups = []string{"g1", "g2", "eve", "team-bob", "team-cat", "t-bob-x"}
)

type writer struct {
	*rapid.T
	text strings.Builder
}

func (w *writer) statement(effect string, capture, plain bool) string {
	actions, member, about := pick(w.T, "actions", actionWords), "Action", "Resource"
	resources, arn := slices.Clone(resourceWords), "arn:aws:s3:::"
	if !plain {
		resources = append(resources, variableWords...)
	}
	if capture {
		resources = append(slices.Concat(resources, captureWords), captureWords...)
	}
	switch {
	case strings.HasPrefix(actions, `"kms:`):
		arn, resources = "arn:minio:kms:::", []string{"bob", "b*", "*"}
	case strings.HasPrefix(actions, `"s3:`) && rapid.IntRange(0, 9).Draw(w.T, "NotAction") == 0:
		member = "NotAction"
	case strings.HasPrefix(actions, `"s3:`) && rapid.IntRange(0, 5).Draw(w.T, "NotResource") == 0:
		about = "NotResource"
	}
	var list []string
	for _, text := range some(w.T, "resource", resources, 1, 2) {
		list = append(list, fmt.Sprintf("%q", arn+text))
	}
	condition := ""
	if !plain && rapid.IntRange(0, 2).Draw(w.T, "conditional") == 0 {
		condition = `,"Condition":` + pick(w.T, "condition", conditions)
	}
	return fmt.Sprintf(`{"Effect":%q,%q:[%s],%q:[%s]%s}`, effect, member, actions, about, strings.Join(list, ","), condition)
}

func (w *writer) policy(name string, guard, capture, plain bool) {
	var list []string
	for i := range rapid.IntRange(1, 3).Draw(w.T, "statements") {
		effect := "Allow"
		if guard && i == 0 || rapid.IntRange(0, 3).Draw(w.T, "deny") == 0 {
			effect = "Deny"
		}
		list = append(list, w.statement(effect, capture, plain))
	}
	fmt.Fprintf(&w.text, "[[policy]]\nname = %q\ndocument = '''{\"Statement\":[%s]}'''\n", name, strings.Join(list, ","))
}

// mapping writes a mapping whose rules often speak of the same people.
func (w *writer) mapping(dir string, plain bool) *mapping.Mapping {
	maybe := func(label string) bool { return rapid.Bool().Draw(w.T, label) }
	w.text.WriteString("version = 1\n[claim]\nallow = [\"readonly\", \"p1\"]\n")
	w.policy("p1", false, false, plain)
	w.policy("p2", false, false, plain)
	w.policy("own", false, true, plain)
	w.policy("twice", false, true, plain)
	w.policy("d1", true, false, plain)
	w.policy("d2", true, false, plain)
	grants := []string{`"p1"`, `"p2"`, `"p1","p2"`, `"readonly"`, `"p2","writeonly"`}
	for _, name := range []string{"g1", "g2", "eve", "team-cat"} {
		if maybe("group") {
			fmt.Fprintf(&w.text, "[[group]]\nname = %q\n%s%spolicies = [%s]\n", name, pick(w.T, "issuer", []string{"", "", "", "issuer = \"one\"\n"}),
				pick(w.T, "expires", []string{"", "", "", "expires = 2026-06-30\n"}), pick(w.T, "policies", grants))
		}
	}
	if maybe("match") {
		fmt.Fprintf(&w.text, "[[group]]\nmatch = \"team-{team}\"\npolicies = [\"own\"]\n")
	}
	if maybe("match") {
		fmt.Fprintf(&w.text, "[[group]]\nmatch = \"t-{team}-{x}\"\npolicies = [\"twice\"]\n")
	}
	if maybe("user") {
		fmt.Fprintf(&w.text, "[[user]]\nsubject = \"u\"\npolicies = [%s]\n", pick(w.T, "policies", grants))
	}
	if maybe("account") {
		fmt.Fprintf(&w.text, "[[account]]\nname = \"a\"\npolicies = [%s]\n", pick(w.T, "policies", grants))
	}
	for _, name := range []string{"d1", "d2"} {
		if maybe("guard") {
			fmt.Fprintf(&w.text, "[[guard]]\nname = %q\npolicy = %q\n%sexcept_groups = [%s]\n", name, name, pick(w.T, "issuer", []string{"", "", "issuer = \"two\"\n"}),
				pick(w.T, "except", []string{"", `"g2"`, `"g1"`, `"eve","g1"`, `"team-bob"`}))
		}
	}
	path := filepath.Join(dir, "mapping.toml")
	if err := os.WriteFile(path, []byte(w.text.String()), 0o600); err != nil {
		w.Fatal(err)
	}
	m, found := mapping.Load(path)
	if m == nil {
		w.Fatalf("%v\n%s", found, w.text.String())
	}
	return m
}

// invariants writes some, the impossible ones left out.
func (w *writer) invariants(kind string, plain bool) []invariant.Invariant {
	whos := []string{"group:g1", "group:eve", "user:u", "claim:policy=p1", "group:team-bob"}
	if !plain {
		whos = append(whos, "claim:dept=eng")
	}
	var all []invariant.Invariant
	for i, action := range some(w.T, "action", []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "s3:*", "admin:ServerInfo", "kms:CreateKey", "s3:Get*"}, 3, 3) {
		text := fmt.Sprintf("[[%s]]\nname = \"%d\"\nactions = [%q]\n", kind, i, action)
		switch action[:3] {
		case "s3:":
			text += fmt.Sprintf("resources = [%q]\n", "arn:aws:s3:::"+pick(w.T, "on", []string{"*", "bob/*", "bob", "b*", "bob/secret/x", "ca?/*", "*/x", "bob/bob/*", "cat/*"}))
		case "kms":
			text += "resources = [\"arn:minio:kms:::bob\"]\n"
		}
		if kind == "never" {
			var except []string
			for _, who := range some(w.T, "except", append(whos, "account:a"), 0, 2) {
				except = append(except, fmt.Sprintf("%q", who))
			}
			text += "except = [" + strings.Join(except, ",") + "]\n"
		} else {
			text += fmt.Sprintf("principal = %q\n", pick(w.T, "principal", append(whos, "account:a", "group:g2")))
		}
		if list, err := invariant.Parse("invariants.toml", []byte(text)); err == nil {
			all = append(all, list...)
		} else if strings.Contains(err.Error(), "unknown") {
			w.Fatal(err)
		}
	}
	return all
}

// everybody is the product that a proof is held against.
func everybody() []invariant.Identity {
	all := []invariant.Identity{{Account: "a"}}
	sets := [][]string{nil}
	for i, a := range groups {
		sets = append(sets, []string{a})
		for _, b := range groups[i+1:] {
			sets = append(sets, []string{a, b})
		}
	}
	sets = append(sets, []string{"g1", "g2", "eve"}, []string{"g1", "g2", "team-bob"})
	for _, issuer := range []string{"one", "two"} {
		for i, set := range sets {
			all = append(all, invariant.Identity{Issuer: issuer, Subject: "bob", Groups: set},
				invariant.Identity{Issuer: issuer, Subject: "cat", Groups: set, Claims: map[string]any{"dept": []string{"eng", "hr", "bob"}[i%3]}})
			if len(set) < 2 {
				all = append(all, invariant.Identity{Issuer: issuer, Subject: "u", Groups: set, Claims: map[string]any{"dept": "ops"}},
					invariant.Identity{Issuer: issuer, Subject: "bob", Groups: set, Policy: []string{"p1"}, Claims: map[string]any{"dept": "eng"}})
			}
		}
	}
	return all
}

var (
	probeBuckets = []string{"", "bob", "bobby", "cat", "bob-x", "zoo"}
	probeObjects = []string{"", "x", "secret/x", "bob/x", "cat", "bob"}
	probeTimes   = []map[string][]string{{}, {"SourceIp": {"10.1.1.1"}}, {"SourceIp": {"192.0.2.1"}, "username": {"bob"}}}
)

// excepted is a second reading of who an invariant leaves out.
func excepted(i *invariant.Invariant, id *invariant.Identity) bool {
	is := func(w invariant.Who) bool {
		switch w.Kind {
		case "group":
			return slices.Contains(id.Groups, w.Name)
		case "user":
			return id.Account == "" && id.Subject == w.Name
		case "account":
			return id.Account == w.Name
		}
		return w.Name == "policy" && slices.Contains(id.Policy, w.Value) || id.Claims[w.Name] == w.Value
	}
	if i.Kind == invariant.Always {
		return !is(i.Principal)
	}
	return slices.ContainsFunc(i.Except, is)
}

// breaks looks for somebody of the product who breaks the invariant.
func breaks(i *invariant.Invariant, ask invariant.Judge) (found *invariant.Counterexample) {
	for _, id := range everybody() {
		if excepted(i, &id) {
			continue
		}
		for _, action := range i.Actions {
			for _, bucket := range probeBuckets {
				for _, object := range probeObjects {
					if !about(i, action, bucket, object) {
						continue
					}
					for _, c := range probeTimes {
						req := invariant.Request{Action: action, Bucket: bucket, Object: object, Conditions: c}
						if allow, _ := ask(id, req); allow == (i.Kind == invariant.Never) {
							return &invariant.Counterexample{Identity: id, Request: req, Allow: allow}
						}
					}
				}
			}
		}
	}
	return nil
}

// about is a second reading of what an invariant is about.
func about(i *invariant.Invariant, action, bucket, object string) bool {
	switch access.KindOf(action) {
	case access.ObjectKind:
		if bucket == "" || object == "" {
			return false
		}
	case access.BucketKind:
		if bucket == "" || object != "" {
			return false
		}
	case access.ClusterKind:
		if bucket != "" || object != "" {
			return false
		}
		if strings.HasPrefix(action, "admin:") {
			return true
		}
	case access.KeyKind:
		if object != "" {
			return false
		}
	case access.AnyKind:
		return false
	}
	return slices.ContainsFunc(i.Resources, func(text string) bool {
		text = text[strings.LastIndex(text, ":")+1:]
		return policy.Match(text, bucket+"/"+object) || object == "" && text == bucket
	})
}

// What is proved, nobody of a brute-force product breaks. What is violated, the counterexample breaks.
func TestProofsAreWhatAskingFinds(t *testing.T) {
	for _, plain := range []bool{true, false} {
		for _, kind := range []string{"never", "always"} {
			t.Run(fmt.Sprintf("%s,plain=%v", kind, plain), func(t *testing.T) {
				dir := t.TempDir()
				counts := map[invariant.Verdict]int{}
				rapid.Check(t, func(t *rapid.T) {
					w := &writer{T: t}
					m := w.mapping(dir, plain)
					list := w.invariants(kind, plain)
					results, err := invariant.Prove(invariant.Options{Mapping: m, Judge: judge(m), Now: now, Issuers: []string{"one", "two"}}, list)
					if err != nil {
						t.Fatal(err)
					}
					for _, r := range results {
						counts[r.Verdict]++
						switch r.Verdict {
						case invariant.Holds:
							if c := breaks(&r.Invariant, judge(m)); c != nil {
								t.Fatalf("%+v holds, and %+v breaks it\n%s", r.Invariant, c, w.text.String())
							}
						case invariant.Violated:
							c := r.Counterexample
							allow, err := judge(m)(c.Identity, c.Request)
							if err != nil || allow != c.Allow || allow != (kind == "never") || excepted(&r.Invariant, &c.Identity) || !about(&r.Invariant, c.Request.Action, c.Request.Bucket, c.Request.Object) {
								t.Fatalf("%+v is no counterexample of %+v: %v %v\n%s", c, r.Invariant, allow, err, w.text.String())
							}
						}
					}
				})
				t.Logf("undecided %d, holds %d, violated %d", counts[invariant.Undecided], counts[invariant.Holds], counts[invariant.Violated])
				least := 20 // of those decided, for one that is not
				if plain {
					least = 200
				}
				if least*(counts[invariant.Undecided]-1) > counts[invariant.Holds]+counts[invariant.Violated] {
					t.Errorf("too many are undecided: %v", counts)
				}
			})
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
