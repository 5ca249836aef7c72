package policy

import (
	"strings"
	"testing"
)

// conditions holds what MinIO sends. Values are read by exact name.
type conditions map[string][]string

func (c conditions) Values(key string) []string {
	names := ConditionNames(key)
	if len(names) == 1 {
		return c[names[0]]
	}
	var all []string
	for _, name := range names {
		if values := c[name]; len(values) > 0 {
			all = append(all, values[0])
		}
	}
	return all
}

// mustParse loads a document with the given statements.
func mustParse(t testing.TB, statements string) *Policy {
	t.Helper()
	p, err := Parse("p", []byte(`{"Version":"2012-10-17","Statement":[`+statements+`]}`), Source{File: "p.json"})
	if err != nil {
		t.Fatalf("%s\n%v", statements, err)
	}
	return p
}

func ask(t testing.TB, statements string, r Request) Outcome {
	t.Helper()
	return Compile(Grant{Policy: mustParse(t, statements)}).Evaluate(&r).Outcome
}

// requestFor turns "s3:GetObject bucket/object" into a request.
func requestFor(text string, facts conditions) Request {
	action, resource, _ := strings.Cut(text, " ")
	bucket, object, _ := strings.Cut(resource, "/")
	r := Request{Action: action, Bucket: bucket, Object: object}
	if facts != nil {
		r.Context = facts
	}
	return r
}
