package policy

import (
	"fmt"
	"strings"
	"testing"
)

// teams is a policy with two statements for each of n buckets.
func teams(tb testing.TB, n int) *Set {
	var statements []string
	for i := range n {
		statements = append(statements, fmt.Sprintf(
			`{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":["arn:aws:s3:::team-%d","arn:aws:s3:::team-%d/*"]},`+
				`{"Effect":"Deny","Action":["s3:Delete*"],"Resource":["arn:aws:s3:::team-%d/keep/*"]}`, i, i, i))
	}
	return Compile(Grant{Policy: mustParse(tb, strings.Join(statements, ","))})
}

func TestNoAllocationWithoutConditions(t *testing.T) {
	readwrite, _ := Canned("readwrite")
	captured := mustParse(t, `{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::${group:bucket}/a*c*"]}`)
	for name, set := range map[string]*Set{
		"a canned policy": Compile(Grant{Policy: readwrite}),
		"1,000 policies":  teams(t, 1000),
		"a capture":       Compile(Grant{Policy: captured, Vars: map[string]string{"bucket": "team-7"}}),
	} {
		for _, object := range []string{"", "a/b/c", strings.Repeat("k", 1024)} {
			request := &Request{Action: "s3:GetObject", Bucket: "team-7", Object: object}
			set.Evaluate(request) // builds the index
			if n := testing.AllocsPerRun(100, func() { set.Evaluate(request) }); n != 0 {
				t.Errorf("%s allocates %v times for a key of %d bytes", name, n, len(object))
			}
		}
	}
}

func BenchmarkEvaluate(b *testing.B) {
	readonly, _ := Canned("readonly")
	request := Request{Action: "s3:GetObject", Bucket: "team-7", Object: "path/to/object"}
	conditional := mustParse(b, `{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::team-7/${aws:username}/*","arn:aws:s3:::team-7/path/*"],
		"Condition":{"ForAnyValue:StringLike":{"jwt:groups":["team-*"]},"IpAddress":{"aws:SourceIp":["10.0.0.0/8"]}}}`)
	withFacts := request
	withFacts.Context = conditions{"username": {"alice"}, "groups": {"a", "b", "team-7"}, "SourceIp": {"10.1.2.3"}}
	for _, c := range []struct {
		name    string
		set     *Set
		request Request
	}{
		{"canned", Compile(Grant{Policy: readonly}), request},
		{"10 statements", teams(b, 5), request},
		{"20 statements", teams(b, 10), request},
		{"1000 statements", teams(b, 500), request},
		{"2000 statements", teams(b, 1000), request},
		{"conditions and variables", Compile(Grant{Policy: conditional}), withFacts},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.set.Evaluate(&c.request)
			}
		})
	}
}

// With many stars and a key that almost matches, a naive matcher runs for seconds.
func BenchmarkStars(b *testing.B) {
	for _, stars := range []int{1, 4, 7, 100} {
		for _, length := range []int{60, 1024} {
			pattern := appendWild(nil, strings.Repeat("*a", stars)+"*b")
			text := strings.Repeat("a", length)
			b.Run(fmt.Sprintf("%d stars/%d bytes", stars, length), func(b *testing.B) {
				for b.Loop() {
					matchOps(pattern, text)
				}
			})
		}
	}
}

func BenchmarkParse(b *testing.B) {
	document := []byte(cannedDocuments["consoleAdmin"])
	for b.Loop() {
		if _, err := Parse("p", document, Source{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	set := teams(b, 500)
	for b.Loop() {
		Compile(set.grants...)
	}
}
