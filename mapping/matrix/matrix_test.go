package matrix_test

import (
	"strings"
	"testing"

	"github.com/claimgate/claimgate/internal/testsupport/anymapping"
	"github.com/claimgate/claimgate/mapping/matrix"
	"github.com/claimgate/claimgate/mapping/policy"
	"github.com/google/go-cmp/cmp"
)

func TestRowsAreWhatThePoliciesSay(t *testing.T) {
	m := anymapping.Load(t, `version = 1
[claim]
allow = ["readonly"]
[[group]]
match = "team-{bucket}"
policies = ["own"]
expires = 2030-12-31
[[account]]
name = "boss"
policies = ["consoleAdmin"]
[[policy]]
name = "own"
document = '''{"Statement":[
  {"Effect":"Allow","Action":["s3:Get*","s3:PutBucketPolicy"],"Resource":["arn:aws:s3:::${group:bucket}/*"]},
  {"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::${group:bucket}/*"]},
  {"Effect":"Deny","Action":["s3:Delete*"],"NotResource":["arn:aws:s3:::tmp/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}'''
[[policy]]
name = "deny"
document = '''{"Statement":[{"Effect":"Deny","Action":["admin:*"]},{"Effect":"Allow","Action":["kms:*"]}]}'''
[[guard]]
name = "no administrators"
policy = "deny"
`)
	type row struct {
		Who, Policy, Effect, On                      string
		Read, Write, Delete, List, Admin, RootRights matrix.Cell
	}
	var got []row
	for _, r := range matrix.Of(m) {
		if r.File == "" || r.Line == 0 {
			t.Errorf("no place: %+v", r)
		}
		got = append(got, row{r.Principal, r.Policy, r.Effect, r.Resource, r.Read, r.Write, r.Delete, r.List, r.Admin, r.Root})
	}
	all, some := matrix.All, matrix.Some
	want := []row{
		{"claim:policy=readonly", "readonly", "Allow", "*", some, "", "", "", "", ""},
		{"group:team-{bucket}", "own", "Allow", "{bucket}", all, some, "", some, "", some},
		{"group:team-{bucket}", "own", "Allow", "{bucket}/*", some, "", "", "", "", ""},
		{"group:team-{bucket}", "own", "Deny", "all but tmp/*", "", "", some, "", "", ""},
		{"account:boss", "consoleAdmin", "Allow", "*", all, all, all, all, some, some},
		{"guard:no administrators", "deny", "Deny", "*", "", "", "", "", some, some},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryActionIsOfOneClass(t *testing.T) {
	seen := map[string]int{}
	for _, c := range matrix.Classes() {
		if len(c.Actions()) == 0 || c.String() == "" {
			t.Errorf("class %d holds nothing", c)
		}
		if c == matrix.RootEquivalent {
			continue
		}
		for _, action := range c.Actions() {
			seen[action]++
		}
	}
	for _, action := range policy.Actions() {
		if strings.HasPrefix(action, "sts:") {
			continue
		}
		if seen[action] != 1 {
			t.Errorf("%s is of %d classes", action, seen[action])
		}
	}
	for action, want := range map[string]matrix.Class{
		"s3:GetObject": matrix.Read, "s3:ListBucket": matrix.List, "s3:PutObject": matrix.Write, "s3:CreateBucket": matrix.Write,
		"s3:DeleteObject": matrix.Delete, "s3:ForceDeleteBucket": matrix.Delete, "admin:Heal": matrix.Admin, "kms:CreateKey": matrix.Admin,
	} {
		if got := matrix.ClassOf(action); got != want {
			t.Errorf("%s is %s", action, got)
		}
	}
}
