package access_test

import (
	"slices"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/anymapping"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
)

// A Resource with a variable and no slash names a bucket, or an object if the value of the variable holds a slash.
// Without a variable it names a bucket only.
func TestAVariableMayNameAnObject(t *testing.T) {
	for resource, object := range map[string]bool{"${claim:home}": true, "team-${aws:username}": true, "team-secret": false} {
		m := anymapping.Load(t, "version = 1\n[[group]]\nname = \"g\"\npolicies = [\"p\"]\n[[policy]]\nname = \"p\"\n"+
			`document = '''{"Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::`+resource+`"]}]}'''`+"\n")
		if found := access.WhoCan(m, []string{"s3:GetObject"}, "arn:aws:s3:::team-secret/x", time.Now()); len(found) > 0 != object {
			t.Errorf("who reads an object by %s: %+v", resource, found)
		}
		if found := access.WhoCan(m, []string{"s3:ListBucket"}, "arn:aws:s3:::team-secret", time.Now()); len(found) == 0 {
			t.Errorf("nobody lists the bucket by %s", resource)
		}
	}
}

// A NotResource with a variable and no slash excepts an object if the value of the variable holds a slash. Another
// statement may still allow the object.
func TestAVariableMayExceptAnObject(t *testing.T) {
	m := anymapping.Load(t, `version = 1
[[group]]
name = "g"
policies = ["p", "writeonly"]
[[policy]]
name = "p"
document = '''{"Statement":[{"Effect":"Allow","Action":["s3:*"],"NotResource":["arn:aws:s3:::${claim:home}"]}]}'''
`)
	g := m.Principal(mapping.Principal{Issuer: "one", Groups: []string{"g"}}, time.Now())
	excepted, whole := false, false
	for _, e := range access.Can(g, "", func(string) string { return "" }) {
		if slices.Contains(e.All, "s3:PutObject") {
			excepted, whole = excepted || len(e.Minus) == 1, whole || len(e.Minus) == 0
		}
	}
	if !excepted || !whole {
		t.Errorf("who may write: an entry with the exception %v, an entry without %v; want both", excepted, whole)
	}
}
