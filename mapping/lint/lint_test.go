package lint_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/lint"
	"github.com/google/go-cmp/cmp"
)

const policies = `
[[policy]]
name = "one"
document = '''{"Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*"]}]}'''
[[policy]]
name = "own"
document = '''{"Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::${group:bucket}/*"]}]}'''
[[policy]]
name = "narrows"
document = '''{"Statement":[{"Effect":"Deny","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/secret/*"]}]}'''
[[policy]]
name = "no-get"
document = '''{"Statement":[{"Effect":"Deny","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"]}]}'''
[[policy]]
name = "no-kms"
document = '''{"Statement":[{"Effect":"Deny","Action":["kms:*"]}]}'''
[[policy]]
name = "no-keys"
document = '''{"Statement":[{"Effect":"Deny","Action":["admin:CreateServiceAccount"]}]}'''
[[policy]]
name = "if"
document = '''{"Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["*"],"Condition":{"Bool":{"aws:SecureTransport":"true"}}}]}'''
`

func TestFindings(t *testing.T) {
	for name, tc := range map[string]struct {
		toml string
		want []string
	}{
		"two that differ":               {`[[group]]` + "\nname = \"g\"\npolicies = [\"readonly\", \"writeonly\"]\n", nil},
		"a part of another":             {"[[group]]\nname = \"g\"\npolicies = [\"readonly\", \"one\"]\n", []string{`2: M114: policy "one" adds nothing to group "g": the others of the rule allow it all`}},
		"canned ones":                   {"[[account]]\nname = \"a-key\"\npolicies = [\"readonly\", \"readwrite\"]\n", []string{`2: M114: policy "readonly" adds nothing to account "a-key": the others of the rule allow it all`}},
		"a captured part":               {"[[group]]\nmatch = \"t-{bucket}\"\npolicies = [\"own\", \"readonly\"]\n", []string{`2: M114: policy "own" adds nothing to group "t-{bucket}": the others of the rule allow it all`}},
		"a captured bucket, beside one": {"[[group]]\nmatch = \"t-{bucket}\"\npolicies = [\"own\", \"one\"]\n", nil},
		"under a condition":             {"[[group]]\nname = \"g\"\npolicies = [\"if\", \"one\"]\n", nil},
		"a condition beside all":        {"[[group]]\nname = \"g\"\npolicies = [\"if\", \"readonly\"]\n", []string{`2: M114: policy "if" adds nothing to group "g": the others of the rule allow it all`}},
		"a Deny takes away":             {"[[group]]\nname = \"g\"\npolicies = [\"readonly\", \"narrows\"]\n", nil},
		"guarded away": {
			"[[group]]\nname = \"g\"\npolicies = [\"one\"]\n[[guard]]\nname = \"no\"\npolicy = \"no-get\"\n",
			[]string{`2: M114: policy "one" adds nothing to group "g": guards deny it all`},
		},
		"guarded, save to some": {"[[group]]\nname = \"g\"\npolicies = [\"one\"]\n[[guard]]\nname = \"no\"\npolicy = \"no-get\"\nexcept_groups = [\"x\"]\n", nil},
		"a guard of what nobody holds": {
			"[[group]]\nname = \"g\"\npolicies = [\"readonly\"]\n[[guard]]\nname = \"no\"\npolicy = \"no-kms\"\n",
			[]string{`5: M115: guard "no" guards nothing: no rule grants what it denies`},
		},
		"a guard of self-service":     {"[[group]]\nname = \"g\"\npolicies = [\"readonly\"]\n[[guard]]\nname = \"no\"\npolicy = \"no-keys\"\n", nil},
		"a guard of a pattern's part": {"[[group]]\nmatch = \"t-{bucket}\"\npolicies = [\"own\"]\n[[guard]]\nname = \"no\"\npolicy = \"no-get\"\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "mapping.toml")
			if err := os.WriteFile(path, []byte("version = 1\n"+tc.toml+policies), 0o600); err != nil {
				t.Fatal(err)
			}
			m, found := mapping.Load(path)
			if m == nil {
				t.Fatal(found)
			}
			var got []string
			for _, f := range lint.Check(m) {
				got = append(got, f.Place()[len(path)+1:len(path)+2]+": "+f.Code+": "+f.Message)
				if f.Fix == "" || f.Column != 1 || f.Severity != "warning" {
					t.Errorf("%+v", f)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
