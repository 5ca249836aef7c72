package access_test

import (
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/anymapping"
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
