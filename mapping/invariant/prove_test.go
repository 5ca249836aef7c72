package invariant_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/anymapping"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
	"github.com/claimgate/claimgate/mapping/invariant"
	"github.com/claimgate/claimgate/mapping/policy"
	"pgregory.net/rapid"
)

var now = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)

// evaluationContext is the policy.Context of a request. It reads a token and conditions as the gateway does.
type evaluationContext struct {
	id  *invariant.Identity
	req *invariant.Request
}

func (w evaluationContext) Values(key string) (values []string) {
	prefix, name, _ := strings.Cut(key, ":")
	switch {
	case prefix == "claim" || prefix == "jwt" || key == "aws:groups":
		if w.id.Account != "" {
			return nil
		}
	default:
		for _, name := range policy.ConditionNames(key) {
			if list := w.req.Conditions[name]; len(list) > 0 && key != "s3:RequestObjectTagKeys" {
				values = append(values, list[0])
			} else {
				values = append(values, list...)
			}
		}
		return values
	}
	if name == "groups" && prefix != "claim" {
		return w.id.Groups
	}
	path, ok := policy.ClaimPath(name)
	if !ok {
		return nil
	}
	claims := map[string]any{}
	maps.Copy(claims, w.id.Claims)
	claims["sub"] = w.id.Subject
	if len(w.id.Groups) > 0 {
		claims["groups"] = w.id.Groups
	}
	var at any
	if json.Unmarshal(must(json.Marshal(claims)), &at) != nil {
		panic("no JSON")
	}
	for _, name := range path {
		object, _ := at.(map[string]any)
		at = object[name]
	}
	texts := claimTexts(at)
	if prefix == "claim" {
		return texts
	}
	for _, text := range texts {
		var value string
		if json.Unmarshal([]byte(text), &value) != nil {
			return nil
		}
		values = append(values, value)
	}
	return values
}

// claimTexts returns a claim as the JSON texts that policies read.
func claimTexts(v any) (texts []string) {
	list := []any{v}
	switch v := v.(type) {
	case nil:
		return nil
	case map[string]any:
		return []string{"{}"}
	case []any:
		list = v
	}
	for _, e := range list {
		switch e.(type) {
		case string, float64, bool:
			texts = append(texts, string(must(json.Marshal(e))))
		default:
			return []string{"{}"}
		}
	}
	return texts
}

// judge returns a Judge that asks the evaluator of package policy, without a gateway.
func judge(m *mapping.Mapping) invariant.Judge {
	return func(id invariant.Identity, req invariant.Request) (bool, error) {
		g := m.Account(id.Account, now)
		if id.Account == "" {
			if id.Subject == "" {
				return false, fmt.Errorf("no subject: %+v", id)
			}
			g = m.Principal(mapping.Principal{Issuer: id.Issuer, Subject: id.Subject, Groups: id.Groups, Claim: id.Policy}, now)
		}
		r := &policy.Request{Action: req.Action, Bucket: req.Bucket, Object: req.Object, Context: evaluationContext{&id, &req}}
		_, denied := g.Guard(r)
		return !denied && g.Evaluate(r).Allowed(), nil
	}
}

// invariants draws up to three invariants. Invariants that Parse refuses are left out.
func invariants(t *rapid.T, kind string, plain bool) []invariant.Invariant {
	whos := []string{"group:g1", "group:eve", "user:u", "claim:policy=p1", "group:team-bob"}
	if !plain {
		whos = append(whos, "claim:dept=eng")
	}
	var all []invariant.Invariant
	for i, action := range anymapping.Some(t, "action", []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "s3:*", "admin:ServerInfo", "kms:CreateKey", "s3:Get*"}, 3, 3) {
		text := fmt.Sprintf("[[%s]]\nname = \"%d\"\nactions = [%q]\n", kind, i, action)
		switch action[:3] {
		case "s3:":
			text += fmt.Sprintf("resources = [%q]\n", "arn:aws:s3:::"+anymapping.Pick(t, "on", []string{"*", "bob/*", "bob", "b*", "bob/secret/x", "ca?/*", "*/x", "bob/bob/*", "cat/*"}))
		case "kms":
			text += "resources = [\"arn:minio:kms:::bob\"]\n"
		}
		if kind == "never" {
			var except []string
			for _, who := range anymapping.Some(t, "except", append(whos, "account:a"), 0, 2) {
				except = append(except, fmt.Sprintf("%q", who))
			}
			text += "except = [" + strings.Join(except, ",") + "]\n"
		} else {
			text += fmt.Sprintf("principal = %q\n", anymapping.Pick(t, "principal", append(whos, "account:a", "group:g2", "group:g1", "group:g2")))
		}
		text += anymapping.Pick(t, "issuer", []string{"", "", "issuer = \"one\"\n", "issuer = \"two\"\n"})
		if list, err := invariant.Parse("invariants.toml", []byte(text)); err == nil {
			all = append(all, list...)
		} else if strings.Contains(err.Error(), "unknown") {
			t.Fatal(err)
		}
	}
	return all
}

// everybody returns the identities of the brute-force search: sets of groups, subjects, issuers and claims.
func everybody() []invariant.Identity {
	all := []invariant.Identity{{Account: "a"}}
	sets := [][]string{nil}
	groups := anymapping.Groups()
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
				invariant.Identity{Issuer: issuer, Subject: "cat", Groups: set, Claims: map[string]any{"dept": []string{"eng", "hr", "bob", "bob/x", "cat/x"}[i%5]}})
			if len(set) == 1 {
				all = append(all, invariant.Identity{Issuer: issuer, Subject: "zqx1", Groups: set, Claims: map[string]any{"azp": "minio"}})
			}
			if len(set) == 1 {
				for _, claims := range oddClaims {
					all = append(all, invariant.Identity{Issuer: issuer, Subject: "bob", Groups: set, Claims: claims})
				}
			}
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
	probeTimes   = []map[string][]string{
		{},
		{"SourceIp": {"10.1.1.1"}},
		{"SourceIp": {"192.0.2.1"}, "username": {"bob"}},
		{"username": {"bob/x"}},
		{"SourceIp": {"2001:db8::1"}, "object-lock-mode": {"GOVERNANCE"}},
		{"SourceIp": {"unknown"}, "CurrentTime": {"soon"}, "max-keys": {"many"}, "object-lock-mode": {"GOVERNANCE"}, "Object-Lock-Mode": {"COMPLIANCE"}},
		{"SourceIp": {"10.1.1.1"}, "CurrentTime": {"2027-01-01T00:00:00Z"}, "max-keys": {"5"}, "prefix": {"bob/"}, "Object-Lock-Mode": {"COMPLIANCE"}},
	}
	// oddClaims are claims of other types than most operators need.
	oddClaims = []map[string]any{
		{"dept": 7, "level": "high", "mfa": "yes", "realm": 1, "email": []string{"a@example.com", "b"}},
		{"dept": map[string]any{"of": "x"}, "level": []any{1, 9}, "mfa": map[string]any{"by": "key"}, "realm": map[string]any{"level": "x"}, "email": 7},
		{"dept": []string{"eng", "hr"}, "level": 6, "mfa": true, "realm": map[string]any{"level": 2}, "email": "a@example.com"},
		{"dept": []any{"eng", 7}, "level": 0, "mfa": []any{true, "yes"}, "realm": "x"},
	}
)

// excepted returns true if the invariant is not about the identity. It is independent of package invariant.
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
		list, _ := id.Claims[w.Name].([]string)
		mixed, _ := id.Claims[w.Name].([]any)
		return w.Name == "policy" && slices.Contains(id.Policy, w.Value) || id.Claims[w.Name] == w.Value || slices.Contains(list, w.Value) || slices.Contains(mixed, any(w.Value))
	}
	if i.Issuer != "" && (id.Account != "" || id.Issuer != i.Issuer) {
		return true
	}
	if i.Kind == invariant.Always {
		return !is(i.Principal)
	}
	return slices.ContainsFunc(i.Except, is)
}

// breaks searches everybody and all probes for a request that breaks the invariant.
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

// about returns true if the invariant is about the action on the resource. It is independent of package
// invariant.
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

// proveOne proves the single invariant of invariantText.
func proveOne(t *testing.T, mappingText, invariantText string, issuers ...string) invariant.Result {
	t.Helper()
	m := anymapping.Load(t, "version = 1\n"+mappingText)
	list, err := invariant.Parse("invariants.toml", []byte(invariantText))
	if err != nil {
		t.Fatal(err)
	}
	results, err := invariant.Prove(invariant.Options{Mapping: m, Judge: judge(m), Now: now, Issuers: issuers}, list)
	if err != nil || len(results) != 1 {
		t.Fatal(results, err)
	}
	return results[0]
}

const (
	nobodyReads = "[[never]]\nname = \"n\"\nactions = [\"s3:GetObject\"]\nresources = [\"arn:aws:s3:::*\"]\n"
	ownBuckets  = "[[group]]\nmatch = \"team-{team}\"\npolicies = [\"own\"]\n[[policy]]\nname = \"own\"\n" +
		`document = '''{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::${group:team}/*"}]}'''` + "\n"
)

// A guard denies all but one bucket. The counterexample is in the group whose capture is that bucket.
func TestTheCaptureThatAGuardSparesIsFound(t *testing.T) {
	r := proveOne(t, ownBuckets+"[[guard]]\nname = \"g\"\npolicy = \"d\"\n[[policy]]\nname = \"d\"\n"+
		`document = '''{"Statement":[{"Effect":"Deny","Action":"s3:*","NotResource":"arn:aws:s3:::cats/*"}]}'''`+"\n", nobodyReads)
	if r.Verdict != invariant.Violated || !slices.Equal(r.Counterexample.Identity.Groups, []string{"team-cats"}) || r.Counterexample.Request.Bucket != "cats" {
		t.Errorf("%v %+v", r.Verdict, r.Counterexample)
	}
}

// A Deny with a variable that is not set also denies actions that MinIO asks without a bucket.
func TestADenyOfAnUnsetVariableTakesTheCluster(t *testing.T) {
	r := proveOne(t, "[[group]]\nname = \"admins\"\npolicies = [\"consoleAdmin\"]\n[[group]]\nname = \"g\"\npolicies = [\"p\"]\n[[policy]]\nname = \"p\"\n"+
		`document = '''{"Statement":[{"Effect":"Deny","NotAction":["s3:GetObject"],"Resource":["arn:aws:s3:::${claim:dept}/*"]}]}'''`+"\n",
		"[[always]]\nname = \"a\"\nprincipal = \"group:admins\"\nactions = [\"admin:ServerInfo\"]\n")
	if r.Verdict != invariant.Violated {
		t.Errorf("%v", r.Verdict)
	}
}

// An invariant that can be neither proved nor refuted is undecided, and the result says why.
func TestContradictingConditionsAreUndecided(t *testing.T) {
	r := proveOne(t, "[[group]]\nname = \"g\"\npolicies = [\"p\"]\n[[policy]]\nname = \"p\"\n"+
		`document = '''{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"StringEquals":{"aws:username":"${jwt:sub}"},"StringNotEquals":{"aws:username":"${jwt:sub}"}}}]}'''`+"\n", nobodyReads)
	if r.Verdict != invariant.Undecided || !strings.Contains(r.Why, "group:g may be allowed s3:GetObject") {
		t.Errorf("%v %q", r.Verdict, r.Why)
	}
}

// An invariant about an issuer that no rule names is decided. An invariant about an issuer that is not
// configured is undecided.
func TestASentenceAboutOneIssuerIsNotEmpty(t *testing.T) {
	only := nobodyReads + "issuer = \"one\"\n"
	if r := proveOne(t, ownBuckets, only); r.Verdict != invariant.Violated || r.Counterexample.Identity.Issuer != "one" {
		t.Errorf("%v %+v", r.Verdict, r.Counterexample)
	}
	if r := proveOne(t, "[[account]]\nname = \"a\"\npolicies = [\"readonly\"]\n", only); r.Verdict != invariant.Holds {
		t.Errorf("an account has no token of an issuer: %v", r.Verdict)
	}
	if r := proveOne(t, ownBuckets, only, "two"); r.Verdict != invariant.Undecided || !strings.Contains(r.Why, `no issuer is called "one"`) {
		t.Errorf("%v %s", r.Verdict, r.Why)
	}
}

// An account has no issuer, so an invariant about an account of an issuer would be about nobody.
func TestAnAccountOfAnIssuerIsRefused(t *testing.T) {
	_, err := invariant.Parse("invariants.toml", []byte("[[always]]\nname = \"a\"\nprincipal = \"account:a\"\nissuer = \"one\"\nactions = [\"admin:ServerInfo\"]\n"))
	if err == nil || !strings.Contains(err.Error(), "an account has no issuer; remove issuer") {
		t.Error(err)
	}
}

// No condition makes the search miss an Allow. The conditions read a claim that the Judge sets itself, name the
// fresh text that stands for all others, or exclude all addresses of one family.
func TestNoConditionHidesAnAllow(t *testing.T) {
	for condition, want := range map[string]invariant.Verdict{
		`{"StringEquals":{"claim:azp":"robot"}}`:                                                   invariant.Undecided,
		`{"StringEquals":{"jwt:iss":"https://x.example"}}`:                                         invariant.Undecided,
		`{"StringNotEquals":{"claim:dept":"zqx"}}`:                                                 invariant.Violated,
		`{"StringNotEquals":{"claim:dept":["zqx","zqxz"]},"Null":{"claim:dept":"false"}}`:          invariant.Violated,
		`{"NotIpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`:                                            invariant.Violated,
		`{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"},"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`: invariant.Holds,
		`{"StringEquals":{"claim:dept":"a"},"StringNotEquals":{"claim:dept":"a"}}`:                 invariant.Holds,
		`{"DateEquals":{"aws:CurrentTime":"2026-01-01T00:00:00.5Z"}}`:                              invariant.Violated,
		`{"NumericEquals":{"jwt:email":1000000000000000001}}`:                                      invariant.Violated,
		`{"StringNotEquals":{"jwt:email":"4"},"NumericEquals":{"jwt:email":4}}`:                    invariant.Undecided, // 04
		`{"StringNotEquals":{"claim:dept":"4"},"NumericEquals":{"claim:dept":4}}`:                  invariant.Holds,
		`{"StringEquals":{"claim:groups":"g"}}`:                                                    invariant.Violated,
		`{"ForAllValues:StringEquals":{"claim:groups":["x","y"]}}`:                                 invariant.Undecided, // only if the claim is [] or absent
		`{"StringEquals":{"claim:policy":"x"},"Bool":{"claim:policy":true}}`:                       invariant.Undecided,
	} {
		r := proveOne(t, "[[group]]\nname = \"g\"\npolicies = [\"p\"]\n[[policy]]\nname = \"p\"\n"+
			`document = '''{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":`+condition+`}]}'''`+"\n", nobodyReads)
		if r.Verdict != want {
			t.Errorf("%s: %v %s, want %v", condition, r.Verdict, r.Why, want)
		}
	}
}

// An Allow whose test may be unknown does not prove an Always, and a Deny whose tests contradict each other may
// deny.
func TestAnUnknownTestBreaksAnAlways(t *testing.T) {
	allow, deny := `{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*"`, `{"Effect":"Deny","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*"`
	for statements, want := range map[string]invariant.Verdict{
		allow + `,"Condition":{"ForAllValues:StringLike":{"claim:dept":"*"}}}`:                                                                                         invariant.Violated,
		allow + `,"Condition":{"StringEquals":{"claim:dept":"eng"}}},` + allow + `,"Condition":{"StringNotEquals":{"claim:dept":"eng"}}}`:                              invariant.Violated,
		allow + `,"Condition":{"Null":{"claim:dept":true}}},` + allow + `,"Condition":{"Null":{"claim:dept":false}}}`:                                                  invariant.Undecided,
		allow + `},` + deny + `,"Condition":{"NumericLessThan":{"claim:level":1},"NumericGreaterThan":{"claim:level":5}}}`:                                             invariant.Violated,
		allow + `},` + deny + `,"Condition":{"Bool":{"claim:a/b":true},"StringEquals":{"claim:a/b":"x"},"NumericEquals":{"claim:a/b":1}}}`:                             invariant.Violated,
		allow + `},` + deny + `,"Condition":{"StringEquals":{"claim:a":"x","claim:a/b":"x"}}}`:                                                                         invariant.Violated,
		allow + `},` + deny + `,"Condition":{"StringEquals":{"claim:dept":"x"},"Null":{"claim:dept":true}}}`:                                                           invariant.Holds,
		allow + `},` + deny + `,"Condition":{"StringEquals":{"jwt:email":"x"},"StringNotEquals":{"jwt:email":"x"}}}`:                                                   invariant.Holds,
		allow + `},` + deny + `,"Condition":{"ForAnyValue:StringNotEquals":{"jwt:email":"x"},"StringEquals":{"jwt:email":"x"}}}`:                                       invariant.Violated,
		allow + `},` + deny + `,"Condition":{"NumericLessThan":{"jwt:email":1},"NumericGreaterThan":{"jwt:email":5}}}`:                                                 invariant.Violated,
		allow + `},` + deny + `,"Condition":{"StringEquals":{"s3:object-lock-mode":"GOVERNANCE"},"StringNotEquals":{"s3:object-lock-mode":"GOVERNANCE"}}}`:             invariant.Violated,
		allow + `},` + deny + `,"Condition":{"Null":{"s3:object-lock-mode":true},"StringEquals":{"s3:object-lock-mode":"GOVERNANCE"}}}`:                                invariant.Violated,
		allow + `},` + deny + `,"Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"},"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}`:                                 invariant.Violated,
		allow + `},` + deny + `,"Condition":{"DateLessThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"},"DateGreaterThan":{"aws:CurrentTime":"2021-01-01T00:00:00Z"}}}`: invariant.Violated,
		allow + `},` + deny + `,"Condition":{"StringEquals":{"s3:versionid":"a"},"StringNotEquals":{"s3:versionid":"a"}}}`:                                             invariant.Holds,
		allow + `},` + deny + `,"Condition":{"NumericEquals":{"s3:versionid":1},"StringEquals":{"s3:versionid":"a"}}}`:                                                 invariant.Violated,
		allow + `},` + deny + `,"Condition":{"ForAnyValue:StringEquals":{"claim:groups":"g2"}}}`:                                                                       invariant.Violated,
		allow + `},` + deny + `,"Condition":{"StringEquals":{"claim:policy":"zqx2"}}}`:                                                                                 invariant.Violated,
		allow + `},` + deny + `,"Condition":{"StringEquals":{"claim:aud":"x"}}}`:                                                                                       invariant.Undecided,
		allow + `},{"Effect":"Deny","Action":"s3:PutObject","Resource":"arn:aws:s3:::${jwt:aud}/*"}`:                                                                   invariant.Violated,
		allow + `},{"Effect":"Deny","Action":"s3:PutObject","NotResource":"arn:aws:s3:::${claim:dept}*/*"}`:                                                            invariant.Violated,
	} {
		r := proveOne(t, "[[group]]\nname = \"g\"\npolicies = [\"p\"]\n[[policy]]\nname = \"p\"\n"+"document = '''{\"Statement\":["+statements+"]}'''\n",
			"[[always]]\nname = \"a\"\nprincipal = \"group:g\"\nactions = [\"s3:PutObject\"]\nresources = [\"arn:aws:s3:::b/*\"]\n")
		if r.Verdict != want {
			t.Errorf("%s: %v %s %+v, want %v", statements, r.Verdict, r.Why, r.Counterexample, want)
		}
	}
}

// The Judge sets the claim aud, so the search cannot try a text of the variable.
func TestAVariableThatTheJudgeSetsIsUndecided(t *testing.T) {
	r := proveOne(t, "[[group]]\nname = \"g\"\npolicies = [\"p\"]\n[[policy]]\nname = \"p\"\n"+
		`document = '''{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::${jwt:aud}/*"}]}'''`+"\n", strings.Replace(nobodyReads, ":::*", ":::minio/*", 1))
	if r.Verdict != invariant.Undecided {
		t.Errorf("%v %+v", r.Verdict, r.Counterexample)
	}
}

// A condition with a capture is tried with a capture that fits the condition.
func TestACaptureInAConditionIsNotOverlooked(t *testing.T) {
	for condition, want := range map[string]invariant.Verdict{
		`{"StringEquals":{"aws:username":"${group:team}"}}`:                                               invariant.Violated,
		`{"StringEquals":{"aws:username":"${group:team}"},"StringLike":{"aws:username":"bob"}}`:           invariant.Undecided,
		`{"StringEquals":{"aws:username":"b"},"StringEqualsIgnoreCase":{"aws:username":"${group:team}"}}`: invariant.Undecided,
	} {
		r := proveOne(t, strings.Replace(ownBuckets, `"Resource":"arn:aws:s3:::${group:team}/*"`, `"Resource":"arn:aws:s3:::x/*","Condition":`+condition, 1), nobodyReads)
		if r.Verdict != want {
			t.Errorf("%s: %v %s %+v, want %v", condition, r.Verdict, r.Why, r.Counterexample, want)
		}
	}
}

// A counterexample is minimal: no more groups than the request needs, and a short resource.
func TestACounterexampleIsMinimal(t *testing.T) {
	guarded := ownBuckets + "[[guard]]\nname = \"g\"\npolicy = \"d\"\nexcept_groups = [\"free\"]\n[[policy]]\nname = \"d\"\n" +
		`document = '''{"Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}'''` + "\n"
	for text, groups := range map[string]int{ownBuckets: 1, guarded: 2} {
		c := proveOne(t, text, nobodyReads).Counterexample
		if c == nil || len(c.Identity.Groups) != groups || len(c.Request.Object) != 1 || len(c.Request.Conditions) != 0 {
			t.Errorf("%+v, want %d groups", c, groups)
		}
	}
}

// A brute-force search finds no request that breaks an invariant that holds. The counterexample to a violated
// invariant breaks it.
func TestProofsAreWhatAskingFinds(t *testing.T) {
	for _, mode := range []struct {
		name  string
		draw  func(t *rapid.T, dir string) anymapping.Mapping
		plain bool // no conditions and no variables
		least int  // decided invariants for each undecided one
	}{
		{"plain", func(t *rapid.T, dir string) anymapping.Mapping { return anymapping.Draw(t, dir, true) }, true, 200},
		{"conditions", func(t *rapid.T, dir string) anymapping.Mapping { return anymapping.Draw(t, dir, false) }, false, 20},
		{"broad", anymapping.Broad, false, 5},
	} {
		for _, kind := range []string{"never", "always"} {
			t.Run(kind+","+mode.name, func(t *testing.T) {
				dir := t.TempDir()
				counts := map[invariant.Verdict]int{}
				rapid.Check(t, func(t *rapid.T) {
					drawn := mode.draw(t, dir)
					m := drawn.Mapping
					list := invariants(t, kind, mode.plain)
					results, err := invariant.Prove(invariant.Options{Mapping: m, Judge: judge(m), Now: now, Issuers: []string{"one", "two"}}, list)
					if err != nil {
						t.Fatal(err)
					}
					for _, r := range results {
						counts[r.Verdict]++
						switch r.Verdict {
						case invariant.Undecided:
						case invariant.Holds:
							if c := breaks(&r.Invariant, judge(m)); c != nil {
								t.Fatalf("%+v holds, and %+v breaks it\n%s", r.Invariant, c, drawn.Text)
							}
						case invariant.Violated:
							c := r.Counterexample
							allow, err := judge(m)(c.Identity, c.Request)
							if err != nil || allow != c.Allow || allow != (kind == "never") || excepted(&r.Invariant, &c.Identity) || !about(&r.Invariant, c.Request.Action, c.Request.Bucket, c.Request.Object) {
								t.Fatalf("%+v is no counterexample of %+v: %v %v\n%s", c, r.Invariant, allow, err, drawn.Text)
							}
						}
					}
				})
				t.Logf("undecided %d, holds %d, violated %d", counts[invariant.Undecided], counts[invariant.Holds], counts[invariant.Violated])
				if mode.least*(counts[invariant.Undecided]-1) > counts[invariant.Holds]+counts[invariant.Violated] {
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
