package lint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
		"two that differ":   {`[[group]]` + "\nname = \"g\"\npolicies = [\"readonly\", \"writeonly\"]\n", nil},
		"a part of another": {"[[group]]\nname = \"g\"\npolicies = [\"readonly\", \"one\"]\n", []string{`2: M114: policy "one" adds nothing to group "g": the other policies of the rule allow all of it`}},
		"canned ones": {"[[account]]\nname = \"a-key\"\npolicies = [\"readonly\", \"readwrite\"]\n", []string{
			`2: M114: policy "readonly" adds nothing to account "a-key": the other policies of the rule allow all of it`, `4: M103: policy "readwrite" allows s3:PutBucketPolicy, which is root-equivalent`,
		}},
		"a captured part":               {"[[group]]\nmatch = \"t-{bucket}\"\npolicies = [\"own\", \"readonly\"]\n", []string{`2: M114: policy "own" adds nothing to group "t-{bucket}": the other policies of the rule allow all of it`}},
		"a captured bucket, beside one": {"[[group]]\nmatch = \"t-{bucket}\"\npolicies = [\"own\", \"one\"]\n", nil},
		"under a condition":             {"[[group]]\nname = \"g\"\npolicies = [\"if\", \"one\"]\n", nil},
		"a condition beside all":        {"[[group]]\nname = \"g\"\npolicies = [\"if\", \"readonly\"]\n", []string{`2: M114: policy "if" adds nothing to group "g": the other policies of the rule allow all of it`}},
		"a Deny takes away":             {"[[group]]\nname = \"g\"\npolicies = [\"readonly\", \"narrows\"]\n", nil},
		"guarded away": {
			"[[group]]\nname = \"g\"\npolicies = [\"one\"]\n[[guard]]\nname = \"no\"\npolicy = \"no-get\"\n",
			[]string{`2: M114: policy "one" adds nothing to group "g": guards deny all of it`},
		},
		"guarded, except for some": {"[[group]]\nname = \"g\"\npolicies = [\"one\"]\n[[guard]]\nname = \"no\"\npolicy = \"no-get\"\nexcept_groups = [\"x\"]\n", nil},
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
				if f.Fix == "" || f.Column < 1 || f.Severity != "warning" {
					t.Errorf("%+v", f)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Each case has one policy p, granted to an account. The finding must be at its place.
func TestFindingsOfOnePolicy(t *testing.T) {
	const guard = "[[policy]]\nname = \"d\"\ndocument = '{\"Statement\":[{\"Effect\":\"Deny\",%s}]}'\n[[guard]]\nname = \"d\"\npolicy = \"d\"\n"
	for name, tc := range map[string]struct {
		statements, more, want string
	}{
		"root-equivalent":                           {`{"Effect":"Allow","Action":["admin:ConfigUpdate"]}`, "", `6:27: M103: policy "p" allows admin:ConfigUpdate, which is root-equivalent`},
		"root-equivalent together":                  {`{"Effect":"Allow","Action":["s3:PutReplicationConfiguration"],"Resource":["*"]},{"Effect":"Allow","Action":["admin:SetBucketTarget"]}`, "", `6:27: M103: policy "p" allows s3:PutReplicationConfiguration with admin:SetBucketTarget, which is root-equivalent`},
		"root-equivalent, but denied by a guard":    {`{"Effect":"Allow","Action":["s3:*"],"Resource":["*"]}`, fmt.Sprintf(guard, `"Action":["s3:PutBucket*"],"Resource":["*"]`), ""},
		"root-equivalent, denied in one bucket":     {`{"Effect":"Allow","Action":["s3:*"],"Resource":["*"]}`, fmt.Sprintf(guard, `"Action":["s3:PutBucket*"],"Resource":["arn:aws:s3:::b"]`), `6:27: M103: policy "p" allows s3:PutBucketPolicy, which is root-equivalent`},
		"root-equivalent, denied under a condition": {`{"Effect":"Allow","Action":["s3:*"],"Resource":["*"]}`, fmt.Sprintf(guard, `"Action":["s3:PutBucket*"],"Resource":["*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}`), `6:27: M103: policy "p" allows s3:PutBucketPolicy, which is root-equivalent`},
		"root-equivalent, denied by itself":         {`{"Effect":"Allow","Action":["s3:*"],"Resource":["*"]},{"Effect":"Deny","Action":["s3:PutBucketPolicy"],"Resource":["*"]}`, "", ""},
		"a whole home in a bucket":                  {`{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::scratch/${jwt:sub}/*"]}`, "", ""},
		"objects and their bucket":                  {`{"Effect":"Allow","Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"]}`, "", ""},
		"an object action on a bucket's ARN":        {`{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b"]}`, "", `6:27: M120: policy "p" names s3:GetObject, an action on objects: it can never apply to "arn:aws:s3:::b"; write "arn:aws:s3:::b/*" for the objects of the bucket`},
		"a bucket action on objects":                {`{"Effect":"Allow","Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::b/x/*"]}`, "", `6:27: M120: policy "p" names s3:ListBucket, an action on buckets: it can never apply to "arn:aws:s3:::b/x/*"; write "arn:aws:s3:::b" for the bucket, in a statement of its own`},
		"an action on all buckets on one":           {`{"Effect":"Allow","Action":["s3:ListAllMyBuckets"],"Resource":["arn:aws:s3:::b"]}`, "", `6:27: M120: policy "p" names s3:ListAllMyBuckets, an action on all buckets together: it can never apply to "arn:aws:s3:::b"; write "arn:aws:s3:::*" in a statement of its own`},
		"a resource that no action is for":          {`{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"]}`, "", `6:27: M120: policy "p" names the resource "arn:aws:s3:::b", but MinIO asks for none of the statement's actions on it`},
		"a root-equivalent action is not advised":   {`{"Effect":"Allow","Action":["s3:PutBucketPolicy"],"Resource":["arn:aws:s3:::b/x/*"]}`, "", `6:27: M120: policy "p" names s3:PutBucketPolicy, an action on buckets: it can never apply to "arn:aws:s3:::b/x/*"; remove the action`},
		"a blank in the bucket":                     {`{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::my bucket/*"]}`, "", `6:27: M119: policy "p" names the resource "arn:aws:s3:::my bucket/*", which nothing can match: a bucket name cannot contain a blank`},
		"a ? at the end of a bucket's name":         {`{"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::team-?"]}`, "", `6:27: M124: policy "p" names the resource "arn:aws:s3:::team-?": MinIO compares it with the bucket's name and a slash, so the last ? stands for the slash; write "arn:aws:s3:::team-?/" for these buckets, "arn:aws:s3:::team-?/*" for their objects`},
		"a ? before the slash":                      {`{"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::team-?/"]}`, "", ""},
		"a ? after a *":                             {`{"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::team-*?"]}`, "", ""},
		"a variable for the bucket":                 {`{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::${jwt:sub}/*"]}`, "", ""},
		"an Allow that a Deny takes back":           {`{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*"]},{"Effect":"Deny","Action":["s3:Get*"],"NotResource":["arn:aws:s3:::c/*"]}`, "", `6:27: M121: a Deny of policy "p" takes back all of this Allow; remove the Allow`},
		"an Allow that a Deny narrows":              {`{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*"]},{"Effect":"Deny","Action":["s3:Get*"],"Resource":["arn:aws:s3:::b/secret/*"]}`, "", ""},
		"an Allow that a Deny may take back":        {`{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*"]},{"Effect":"Deny","Action":["s3:*"],"Resource":["*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "m.toml")
			text := "version = 1\n[[account]]\nname = \"a-key\"\npolicies = [\"p\"]\n[[policy]]\ndocument = '{\"Statement\":[" + tc.statements + "]}'\nname = \"p\"\n" + tc.more
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			m, found := mapping.Load(path)
			if m == nil {
				t.Fatal(found)
			}
			var got []string
			for _, f := range lint.Check(m) {
				got = append(got, fmt.Sprintf("%d:%d: %s: %s; %s", f.Line, f.Column, f.Code, f.Message, f.Fix))
			}
			if all := strings.Join(got, "\n"); tc.want == "" && all != "" || !strings.HasPrefix(all, tc.want) || len(got) > 1 {
				t.Errorf("%s\nwant %s", all, tc.want)
			}
		})
	}
}

// Statement 1 of policy "p1" and statement 11 of policy "p" are different places: both are reported.
func TestEachPlaceIsReported(t *testing.T) {
	const other = `{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*"]},`
	const user = `{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/${aws:username}/*"]}`
	text := "version = 1\n[[group]]\nname = \"g\"\npolicies = [\"p1\"]\n[[group]]\nname = \"h\"\npolicies = [\"p\"]\n" +
		"[[policy]]\nname = \"p1\"\ndocument = '{\"Statement\":[" + other + user + "]}'\n" +
		"[[policy]]\nname = \"p\"\ndocument = '{\"Statement\":[" + strings.Repeat(other, 11) + user + "]}'\n"
	m, found := mapping.LoadText("mapping.toml", []byte(text))
	if m == nil {
		t.Fatal(found)
	}
	var got []string
	for _, f := range lint.Check(m) {
		if f.Code == mapping.CodeNotTheirs {
			got = append(got, f.Message)
		}
	}
	if len(got) != 2 {
		t.Errorf("want a finding for p1 and one for p, got %q", got)
	}
}
