package access_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/anymapping"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
	"github.com/claimgate/claimgate/mapping/policy"
	"pgregory.net/rapid"
)

var now = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)

// asker is a real identity, with the name of its principal in the output of who-can.
type asker struct {
	name, account string
	who           mapping.Principal
	shown         map[string]string // the text of each capture for this identity
}

func askers() []asker {
	var all []asker
	for _, issuer := range []string{"one", "two", "three"} {
		for _, g := range []string{"g1", "g2", "eve", "team-cat"} {
			all = append(all, asker{name: "group:" + g, who: mapping.Principal{Issuer: issuer, Groups: []string{g}}})
		}
		all = append(all,
			asker{name: "user:u", who: mapping.Principal{Issuer: issuer, Subject: "u"}},
			asker{name: "claim:policy=p1", who: mapping.Principal{Issuer: issuer, Claim: []string{"p1"}}},
			asker{name: "claim:policy=readonly", who: mapping.Principal{Issuer: issuer, Claim: []string{"readonly"}}},
			asker{name: "group:team-{team}", who: mapping.Principal{Issuer: issuer, Groups: []string{"team-zoo"}}, shown: map[string]string{"{team}": "zoo"}},
			asker{name: "group:t-{team}-{x}", who: mapping.Principal{Issuer: issuer, Groups: []string{"t-bob-x"}}, shown: map[string]string{"{team}": "bob", "{x}": "x"}},
		)
	}
	return append(all, asker{name: "account:a", account: "a"})
}

func (a *asker) holds(m *mapping.Mapping) *mapping.Grants {
	if a.account != "" {
		return m.Account(a.account, now)
	}
	return m.Principal(a.who, now)
}

type keys map[string][]string

func (k keys) Values(key string) []string { return k[key] }

func allowed(g *mapping.Grants, ctx policy.Context, action, bucket, object string) bool {
	r := &policy.Request{Action: action, Bucket: bucket, Object: object, Context: ctx}
	_, denied := g.Guard(r)
	return !denied && g.Evaluate(r).Allowed()
}

var someActions = []string{
	"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "s3:GetBucketPolicy", "s3:ListAllMyBuckets", "admin:ServerInfo", "kms:CreateKey", "s3:GetObjectVersion",
}

// probe calls visit for resources that MinIO may ask the action about.
func probe(action string, visit func(bucket, object string)) {
	for _, bucket := range []string{"", "bob", "bobby", "cat", "zoo", "zoo-x", "bob-x"} {
		for _, object := range []string{"", "x", "secret/x", "bob/x", "cat", "zoo/y"} {
			fits := map[access.Kind]bool{
				access.ObjectKind: bucket != "" && object != "", access.BucketKind: bucket != "" && object == "",
				access.ClusterKind: bucket == "" && object == "", access.KeyKind: object == "",
			}
			if fits[access.KindOf(action)] {
				visit(bucket, object)
			}
		}
	}
}

// matches returns true if a printed resource matches bucket and object. It is independent of package access: it
// uses policy.Match. A variable without a value becomes unset.
func matches(text string, a *asker, ctx keys, action, bucket, object, unset string) bool {
	if strings.HasPrefix(action, "admin:") && !strings.Contains(text, "${") {
		return true
	}
	if text == "calls that name no key" {
		return bucket == ""
	}
	text = strings.TrimPrefix(strings.TrimPrefix(text, "arn:aws:s3:::"), "arn:minio:kms:::")
	for capture, held := range a.shown {
		text = strings.ReplaceAll(text, capture, held)
	}
	for _, key := range []string{"jwt:sub", "aws:username", "claim:dept"} {
		value := unset
		if held := ctx[key]; len(held) > 0 {
			if value = strings.Trim(held[0], `"`); strings.HasPrefix(key, "claim:") && value == held[0] {
				value = unset // a claim that is no text
			}
		}
		if value == "" && strings.Contains(text, "${"+key+"}") {
			return false
		}
		text = strings.ReplaceAll(text, "${"+key+"}", value)
	}
	return policy.Match(text, bucket+"/"+object) || object == "" && text == bucket && text != ""
}

func covers(patterns []string, action string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return policy.Match(p, action) })
}

// lists returns whether an entry lists the resource for the action. sure is true if the entry has no condition,
// and no Minus with a condition applies.
func lists(e *access.Entry, a *asker, ctx keys, action, bucket, object string) (listed, sure bool) {
	in := func(list []string, unset string) bool {
		return slices.ContainsFunc(list, func(text string) bool { return matches(text, a, ctx, action, bucket, object, unset) })
	}
	if !covers(e.Actions, action) || !in(e.Resources, "") || slices.ContainsFunc(e.Within, func(text string) bool { return !in([]string{text}, "") }) {
		return false, false
	}
	sure = len(e.Conditions) == 0
	for _, m := range e.Minus {
		if !covers(m.Actions, action) || !in(m.Resources, "*") || len(m.Conditions) == 0 && in(m.Except, "") {
			continue
		}
		if len(m.Conditions) > 0 {
			sure = false
			continue
		}
		return false, false
	}
	return true, sure
}

// can and who-can print exactly what the evaluator allows. With conditions or variables they may print more.
func TestWhatIsPrintedIsWhatIsAllowed(t *testing.T) {
	for _, mode := range []string{"plain", "conditions", "broad"} {
		dir, plain := t.TempDir(), mode == "plain"
		rapid.Check(t, func(t *rapid.T) {
			var m anymapping.Mapping
			if mode == "broad" {
				m = anymapping.Broad(t, dir)
			} else {
				m = anymapping.Draw(t, dir, plain)
			}
			a := anymapping.Pick(t, "asker", askers())
			ctx := keys{}
			if a.account == "" {
				ctx["jwt:sub"] = []string{a.who.Subject + "bob"}
				if a.who.Subject != "" {
					ctx["jwt:sub"] = []string{a.who.Subject}
				}
			}
			if !plain {
				// Some values are of another type than the operators need, or cannot be read.
				for _, values := range [][]string{
					{"aws:SourceIp", "", "10.1.1.1", "192.0.2.1", "unknown"},
					{"aws:username", "", "bob", "bob/x"},
					{"claim:dept", "", `"eng"`, `"cat"`, `"bob/secret/x"`, "7", "{}"},
					{"claim:level", "", "0", "6", `"high"`},
					{"claim:mfa", "", "true", `"yes"`, "{}"},
					{"claim:realm", "", `"x"`, "{}"},
					{"claim:realm/level", "", "2", `"x"`},
					{"aws:CurrentTime", "", "2027-01-01T00:00:00Z", "soon"},
					{"s3:max-keys", "", "5", "many"},
					{"jwt:email", "", "a@example.com", "b"},
				} {
					if value := anymapping.Pick(t, values[0], values[1:]); value != "" {
						ctx[values[0]] = []string{value}
					}
				}
				ctx["s3:object-lock-mode"] = anymapping.Pick(t, "lock", [][]string{nil, {"GOVERNANCE"}, {"GOVERNANCE", "COMPLIANCE"}})
				if len(a.who.Groups) > 0 {
					ctx["aws:groups"], ctx["jwt:groups"] = a.who.Groups, a.who.Groups
				}
			}
			g := a.holds(m.Mapping)
			can := access.Can(g, "", func(string) string { return "" })
			for _, action := range someActions {
				var who []access.Entry
				for _, e := range access.WhoCan(m.Mapping, []string{action}, "", now) {
					other := e.Issuer == "any other" && a.who.Issuer != "one" && a.who.Issuer != "two" || e.Issuer == "any other" && !slices.Contains(access.Issuers(m.Mapping), a.who.Issuer)
					if e.Principal == a.name && (e.Issuer == "" || e.Issuer == a.who.Issuer || other) {
						who = append(who, e)
					}
				}
				probe(action, func(bucket, object string) {
					is := allowed(g, ctx, action, bucket, object)
					for name, list := range map[string][]access.Entry{"can": can, "who-can": who} {
						if name == "who-can" && !hasRule(m.Mapping, &a) {
							continue
						}
						listed, surely := false, false
						for i := range list {
							x := a
							if name == "can" {
								x.shown = nil
							}
							l, s := lists(&list[i], &x, ctx, action, bucket, object)
							listed, surely = listed || l, surely || s
						}
						// An Allow whose NotResource has a variable that is not set allows nothing.
						set := mode == "broad" || a.account == "" && len(ctx["aws:username"]) > 0 && len(ctx["claim:dept"]) > 0 && ctx["claim:dept"][0][0] == '"'
						if is && !listed || surely && !is && (set || plain) || plain && listed != is {
							t.Fatalf("%s: %s at %q, %s on %s/%s under %v: allowed %v, listed %v, surely %v\n%+v\n%s", name, a.name, a.who.Issuer, action, bucket, object, ctx, is, listed, surely, list, m.Text)
						}
					}
				})
			}
		})
	}
}

// hasRule returns true if a rule of the mapping names the asker's principal.
func hasRule(m *mapping.Mapping, a *asker) bool {
	return slices.ContainsFunc(m.Rules(), func(r mapping.RuleInfo) bool {
		return r.Kind+":"+r.Name == a.name || r.Kind == "claim" && "claim:policy="+r.Policies[0] == a.name
	})
}
