package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func drawStatement(t *rapid.T, effect string) string {
	action := rapid.SampledFrom([]string{
		`"Action":["s3:*"]`, `"Action":["s3:GetObject","s3:ListBucket"]`, `"Action":["s3:Get*"]`, `"Action":["*:*"]`,
		`"NotAction":["s3:PutObject"]`, `"Action":["s3:GetObjectVersion"]`,
	}).Draw(t, "action")
	member := rapid.SampledFrom([]string{"Resource", "Resource", "Resource", "NotResource"}).Draw(t, "member")
	var resources []string
	for range rapid.IntRange(1, 3).Draw(t, "resources") {
		resources = append(resources, fmt.Sprintf("%q", "arn:aws:s3:::"+rapid.SampledFrom([]string{
			"*", "b", "b/*", "bb/*", "b*", "b?/o", "b/o", "b/oo", "b/o*", "c/${aws:username}/*", "${jwt:sub}", "b/${group:x}", "home/alice/*", "home/alan/*", "home/al*", "homes",
		}).Draw(t, "resource")))
	}
	condition := rapid.SampledFrom([]string{
		``, ``, `,"Condition":{"StringEquals":{"jwt:groups":["x","${aws:username}"]}}`,
		`,"Condition":{"ForAllValues:StringNotLike":{"jwt:groups":"x*"}}`,
		`,"Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`,
		`,"Condition":{"NumericLessThan":{"aws:EpochTime":5}}`,
	}).Draw(t, "condition")
	return fmt.Sprintf(`{"Effect":%q,%s,%q:[%s]%s}`, effect, action, member, strings.Join(resources, ","), condition)
}

func drawStatements(t *rapid.T, most int) []string {
	var all []string
	for range rapid.IntRange(0, most).Draw(t, "statements") {
		all = append(all, drawStatement(t, rapid.SampledFrom([]string{"Allow", "Allow", "Deny"}).Draw(t, "effect")))
	}
	return all
}

func drawFacts(t *rapid.T) conditions {
	facts := conditions{}
	for name, values := range map[string][]string{
		"username": {"o", "x", "", "*"}, "sub": {"b", "c"}, "groups": {"x", "xy", "z"}, "SourceIp": {"10.1.1.1", "192.0.2.1", "x"},
		"EpochTime": {"4", "6", "x"},
	} {
		if rapid.Bool().Draw(t, name) {
			facts[name] = rapid.SliceOfN(rapid.SampledFrom(values), 0, 2).Draw(t, name+"s")
		}
	}
	return facts
}

func drawRequest(t *rapid.T) Request {
	return Request{
		Action:   rapid.SampledFrom([]string{"s3:GetObject", "s3:ListBucket", "s3:PutObject", "admin:Heal", "s3:Future"}).Draw(t, "request"),
		Bucket:   rapid.SampledFrom([]string{"", "b", "bb", "c", "home"}).Draw(t, "bucket"),
		Object:   rapid.SampledFrom([]string{"", "o", "oo", "o/x", "x/y", "alice/o", "alan/o"}).Draw(t, "object"),
		DenyOnly: rapid.Bool().Draw(t, "denyOnly"),
		Context:  drawFacts(t),
	}
}

func compile(t *rapid.T, statements []string) *Set {
	p, err := Parse("p", []byte(`{"Statement":[`+strings.Join(statements, ",")+`]}`), Source{})
	if err != nil {
		t.Fatal(err)
	}
	return Compile(Grant{Policy: p, Vars: map[string]string{"x": "o"}})
}

func TestDenyAlwaysWins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		statements, request := drawStatements(t, 6), drawRequest(t)
		deny := drawStatement(t, "Deny")
		at := rapid.IntRange(0, len(statements)).Draw(t, "at")
		before := compile(t, statements).Evaluate(&request)
		alone := compile(t, []string{deny}).Evaluate(&request)
		both := compile(t, slices.Insert(slices.Clone(statements), at, deny)).Evaluate(&request)
		if alone.Outcome == ExplicitDeny && both.Outcome != ExplicitDeny {
			t.Fatalf("a deny that matches is overridden: %v", both.Outcome)
		}
		if both.Allowed() && !before.Allowed() {
			t.Fatalf("a deny allowed a request: %v, before %v", both.Outcome, before.Outcome)
		}
	})
}

func TestAllowNeverTakesAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		statements, request := drawStatements(t, 6), drawRequest(t)
		before := compile(t, statements).Evaluate(&request)
		after := compile(t, append(statements, drawStatement(t, "Allow"))).Evaluate(&request)
		if before.Allowed() && !after.Allowed() || before.Outcome == ExplicitDeny && after.Outcome != ExplicitDeny {
			t.Fatalf("an allow made %v out of %v", after.Outcome, before.Outcome)
		}
	})
}

func TestTheIndexChangesNoAnswer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		statements := drawStatements(t, 40)
		indexed := compile(t, statements)
		for range 4 {
			request := drawRequest(t)
			got := indexed.Evaluate(&request)
			want := linear(indexed, &request)
			if got != want {
				t.Fatalf("%+v: %+v, without the index %+v", request, got, want)
			}
		}
	})
}

// linear evaluates every statement, without the index.
func linear(s *Set, r *Request) Result {
	one := func(entries []entry) *entry {
		for i := range entries {
			alone := &Set{grants: s.grants, granted: true, known: s.known, denies: entries[i : i+1]}
			if !entries[i].deny {
				alone.denies, alone.allows = nil, entries[i:i+1]
			}
			if got := alone.Evaluate(&Request{r.Action, r.Bucket, r.Object, false, r.Context}); got.Outcome != ImplicitDeny {
				return &entries[i]
			}
		}
		return nil
	}
	if e := one(s.denies); e != nil {
		return s.decided(ExplicitDeny, e)
	}
	if r.DenyOnly {
		return undecided(AllowDenyOnly)
	}
	if e := one(s.allows); e != nil {
		return s.decided(Allow, e)
	}
	return undecided(ImplicitDeny)
}

// An answer must not change if a client appends values to a key with one value, or sends a value under
// another spelling of the key's name.
func TestSmuggledValuesChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set, request := compile(t, drawStatements(t, 12)), drawRequest(t)
		facts := request.Context.(conditions)
		smuggled := conditions{}
		maps.Copy(smuggled, facts)
		for _, name := range []string{"username", "SourceIp", "EpochTime"} {
			if len(facts[name]) > 0 {
				smuggled[name] = append(slices.Clone(facts[name]), "o", "10.1.1.1", "4")
			}
		}
		for _, name := range []string{"Username", "Sourceip", "Groups", "Sub", "Epochtime", "sourceip", "department"} {
			smuggled[name] = []string{"x", "10.1.1.1"}
		}
		other := request
		other.Context = smuggled
		if got, want := set.Evaluate(&other), set.Evaluate(&request); got != want {
			t.Fatalf("%v became %v by %v", want.Outcome, got.Outcome, smuggled)
		}
	})
}

func TestUnconditionalSetsReadNoContext(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set, request := compile(t, drawStatements(t, 3)), drawRequest(t)
		if !set.Unconditional() {
			return
		}
		bare := request
		bare.Context = nil
		if got, want := set.Evaluate(&bare), set.Evaluate(&request); got != want {
			t.Fatalf("with context %v, without %v", want.Outcome, got.Outcome)
		}
	})
}
