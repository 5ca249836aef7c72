package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	allowAll    = `{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::*"]}`
	denyDeletes = `{"Sid":"keep","Effect":"Deny","Action":["s3:Delete*"],"Resource":["arn:aws:s3:::b/*"]}`
)

func TestOrderOfEvaluation(t *testing.T) {
	for _, c := range []struct {
		name, statements, request string
		denyOnly                  bool
		want                      Outcome
	}{
		{"nothing granted", ``, "s3:GetObject b/o", false, ImplicitDeny},
		{"an allow", allowAll, "s3:GetObject b/o", false, Allow},
		{"a deny over an allow", allowAll + "," + denyDeletes, "s3:DeleteObject b/o", false, ExplicitDeny},
		{"a deny before an allow", denyDeletes + "," + allowAll, "s3:DeleteObject b/o", false, ExplicitDeny},
		{"a deny of something else", allowAll + "," + denyDeletes, "s3:DeleteObject c/o", false, Allow},
		{"a deny alone", denyDeletes, "s3:GetObject b/o", false, ImplicitDeny},
		{"self-service, not denied", denyDeletes, "admin:CreateServiceAccount", true, AllowDenyOnly},
		{"self-service, not about it but not denied", denyDeletes, "s3:DeleteObject c/o", true, AllowDenyOnly},
		{"self-service, denied", allowAll + "," + denyDeletes, "s3:DeleteObject b/o", true, ExplicitDeny},
		{"self-service with an allow", allowAll, "s3:GetObject b/o", true, AllowDenyOnly},
		{"a policy without statements and self-service", ``, "admin:GetUser", true, AllowDenyOnly},
	} {
		r := requestFor(c.request, nil)
		r.DenyOnly = c.denyOnly
		if got := ask(t, c.statements, r); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestZeroValuesDeny(t *testing.T) {
	request := Request{Action: "s3:GetObject", Bucket: "b", Object: "o"}
	selfService := request
	selfService.DenyOnly = true
	var missing *Set
	for name, set := range map[string]*Set{"no set": missing, "the zero set": {}, "a set of no grants": Compile(), "a grant of no policy": Compile(Grant{})} {
		for _, r := range []*Request{&request, &selfService} {
			if got := set.Evaluate(r); got.Allowed() || got.Outcome != ImplicitDeny || got.Statement != -1 || got.Grant != -1 {
				t.Errorf("%s answers %+v", name, got)
			}
		}
		if !set.Unconditional() && name != "the zero set" {
			t.Errorf("%s is not unconditional", name)
		}
	}
	if got := Compile(Grant{Policy: &Policy{}}).Evaluate(&request); got.Allowed() {
		t.Errorf("the zero policy allows: %+v", got)
	}
	p, _ := Canned("consoleAdmin")
	if got := Compile(Grant{Policy: p}).Evaluate(nil); got.Allowed() {
		t.Errorf("no request is allowed: %+v", got)
	}
	if got := (Result{}); got.Allowed() || got.Outcome != ImplicitDeny {
		t.Errorf("the zero result is %v", got.Outcome)
	}
}

func TestAnswerNamesTheStatement(t *testing.T) {
	text := "\n{\"Statement\": [\n  " + allowAll + ",\n  " + denyDeletes + "\n]}"
	p, err := Parse("keep-backups", []byte(text), Source{File: "policies/keep.json", Line: 10})
	if err != nil {
		t.Fatal(err)
	}
	readonly, _ := Canned("readonly")
	set := Compile(Grant{}, Grant{Policy: readonly}, Grant{Policy: p})
	got := set.Evaluate(&Request{Action: "s3:DeleteObject", Bucket: "b", Object: "o"})
	if got.Outcome != ExplicitDeny || got.Grant != 2 || got.Policy != p || got.Statement != 1 {
		t.Fatalf("the answer is %+v", got)
	}
	sid, pos := got.Policy.StatementInfo(got.Statement)
	if sid != "keep" || pos.String() != "policies/keep.json:13:3" {
		t.Errorf("the statement is %q at %v", sid, pos)
	}
	if got := set.Evaluate(&Request{Action: "s3:GetObject", Bucket: "b"}); got.Grant != 1 || got.Policy != readonly || got.Statement != 0 {
		t.Errorf("the first grant that allows is not named: %+v", got)
	}
	for _, i := range []int{-1, 2} {
		if sid, pos := p.StatementInfo(i); sid != "" || pos != (Position{}) {
			t.Errorf("statement %d is %q at %v", i, sid, pos)
		}
	}
	var none *Policy
	if sid, _ := none.StatementInfo(0); sid != "" {
		t.Errorf("no policy has a statement %q", sid)
	}
}

func TestOutcomesHaveNames(t *testing.T) {
	var names []string
	for _, o := range []Outcome{ImplicitDeny, ExplicitDeny, AllowDenyOnly, Allow} {
		names = append(names, o.String())
	}
	if diff := cmp.Diff([]string{"implicit deny", "explicit deny", "deny only", "allow"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestActionsMatch(t *testing.T) {
	const statement = `{"Effect":"Allow",%s,"Resource":["arn:aws:s3:::*"]}`
	for _, c := range []struct {
		action, request string
		want            Outcome
	}{
		{`"Action":"s3:GetObject"`, "s3:GetObject b/o", Allow},
		{`"Action":["s3:PutObject","s3:GetObject"]`, "s3:GetObject b/o", Allow},
		{`"Action":["s3:Get*"]`, "s3:GetBucketPolicy b", Allow},
		{`"Action":["s3:?etObject"]`, "s3:GetObject b/o", Allow},
		{`"Action":["s3:Get*"]`, "s3:PutObject b/o", ImplicitDeny},
		{`"Action":["s3:GetObjectVersion"]`, "s3:GetObject b/o", Allow},
		{`"Action":["s3:GetObjectVersio?"]`, "s3:GetObject b/o", ImplicitDeny},
		{`"Action":["s3:GetObject"]`, "s3:GetObjectVersion b/o", ImplicitDeny},
		{`"NotAction":["s3:GetObjectVersion"]`, "s3:GetObject b/o", ImplicitDeny},
		{`"NotAction":["s3:PutObject"]`, "s3:GetObject b/o", Allow},
		{`"NotAction":["s3:PutObject"]`, "s3:PutObject b/o", ImplicitDeny},
		{`"NotAction":["s3:PutObject"]`, "s3:FutureAction b/o", Allow},
		{`"NotAction":["s3:*"]`, "s3:FutureAction b/o", ImplicitDeny},
		{`"Action":["s3:*"]`, "s3:getobject b/o", Allow}, // an unknown action of the s3 family
		{`"Action":["s3:*"]`, "S3:GetObject b/o", ImplicitDeny},
		{`"Action":["s3:*"]`, "s3tables:GetTable b", ImplicitDeny},
		{`"Action":["s3:*"]`, "", ImplicitDeny},
	} {
		if got := ask(t, strings.Replace(statement, "%s", c.action, 1), requestFor(c.request, nil)); got != c.want {
			t.Errorf("%s, %q: %v, want %v", c.action, c.request, got, c.want)
		}
	}
}

func TestResourcesMatch(t *testing.T) {
	for _, c := range []struct {
		resource, request string
		want              Outcome
	}{
		{"*", "s3:GetObject b/o", Allow},
		{"**", "s3:GetObject b/o", Allow}, // MinIO writes the star so into session policies
		{"arn:aws:s3:::*", "s3:ListAllMyBuckets", Allow},
		{"arn:aws:s3:::b", "s3:ListBucket b", Allow},
		{"arn:aws:s3:::b/", "s3:ListBucket b", Allow},
		{"arn:aws:s3:::b", "s3:GetObject b/o", ImplicitDeny},
		{"arn:aws:s3:::b/*", "s3:GetObject b/x/y", Allow},
		{"arn:aws:s3:::b/*", "s3:ListBucket b", Allow}, // as in MinIO: a grant on all objects includes the bucket
		{"arn:aws:s3:::b/pre*", "s3:ListBucket b", ImplicitDeny},
		{"arn:aws:s3:::b/o", "s3:ListBucket b", ImplicitDeny},
		{"arn:aws:s3:::b*", "s3:ListBucket b2", Allow},
		{"arn:aws:s3:::b?o", "s3:GetObject b/o", Allow},
		{"arn:aws:s3:::b/?", "s3:GetObject b/é", ImplicitDeny}, // ? is one byte
		{"arn:aws:s3:::b/??", "s3:GetObject b/é", Allow},
		{"arn:aws:s3:::B/*", "s3:GetObject b/o", ImplicitDeny},
		{"arn:aws:s3:::b/a*/c*e", "s3:GetObject b/ab/b/cd/e", Allow},
		{"arn:aws:s3:::b/a*/c*e", "s3:GetObject b/ab/b/cd/f", ImplicitDeny},
		{"arn:aws:s3:::b*c", "s3:ListBucket b*c", Allow}, // no bucket can have this name; the text equals the pattern
		{"arn:aws:s3:::b?", "s3:ListBucket b?", Allow},
	} {
		statement := `{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::none","` + c.resource + `"]}`
		if got := ask(t, statement, requestFor(c.request, nil)); got != c.want {
			t.Errorf("%s, %q: %v, want %v", c.resource, c.request, got, c.want)
		}
		// NotResource is the opposite, in an Allow and in a Deny.
		statement = strings.Replace(statement, "Resource", "NotResource", 1)
		want := map[Outcome]Outcome{Allow: ImplicitDeny, ImplicitDeny: Allow}[c.want]
		if got := ask(t, statement, requestFor(c.request, nil)); got != want {
			t.Errorf("not %s, %q: %v, want %v", c.resource, c.request, got, want)
		}
		want = map[Outcome]Outcome{Allow: Allow, ImplicitDeny: ExplicitDeny}[c.want]
		statement = strings.Replace(statement, "Allow", "Deny", 1) + "," + allowAll
		if got := ask(t, statement, requestFor(c.request, nil)); got != want {
			t.Errorf("deny not %s, %q: %v, want %v", c.resource, c.request, got, want)
		}
	}
}

func TestLongKeysAreMatchedWhole(t *testing.T) {
	for _, size := range []int{1, 250, 254, 255, 256, 1024, 1151, 5000} {
		key := strings.Repeat("k", size)
		statement := `{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/` + key + `"]}`
		if got := ask(t, statement, Request{Action: "s3:GetObject", Bucket: "b", Object: key}); got != Allow {
			t.Errorf("a key of %d bytes: %v", size, got)
		}
		if got := ask(t, statement, Request{Action: "s3:GetObject", Bucket: "b", Object: key + "x"}); got != ImplicitDeny {
			t.Errorf("a key of %d bytes and one: %v", size, got)
		}
	}
}

func TestAdminAndSTSIgnoreResource(t *testing.T) {
	for _, c := range []struct{ statement, request string }{
		{`{"Effect":"Allow","Action":["admin:Heal"]}`, "admin:Heal"},
		{`{"Effect":"Allow","Action":["admin:Heal"],"Resource":["arn:aws:s3:::b/*"]}`, "admin:Heal"},
		{`{"Effect":"Allow","Action":["admin:*"],"Resource":["arn:minio:kms:::k"]}`, "admin:Heal"},
		{`{"Effect":"Allow","Action":["sts:AssumeRoleWithWebIdentity"],"Resource":["arn:aws:s3:::b"]}`, "sts:AssumeRoleWithWebIdentity"},
	} {
		if got := ask(t, c.statement, requestFor(c.request, nil)); got != Allow {
			t.Errorf("%s: %v", c.statement, got)
		}
	}
}

func TestKMSResourcesNameKeys(t *testing.T) {
	for _, c := range []struct {
		resource, request string
		want              Outcome
	}{
		{``, "kms:CreateKey k1", Allow},
		{`,"Resource":["*"]`, "kms:CreateKey k1", Allow},
		{`,"Resource":["arn:minio:kms:::k1"]`, "kms:CreateKey k1", Allow},
		{`,"Resource":["arn:minio:kms:::k1"]`, "kms:CreateKey k2", ImplicitDeny},
		{`,"Resource":["arn:minio:kms:::k*"]`, "kms:CreateKey k2", Allow},
		{`,"Resource":["arn:minio:kms:::k*"]`, "kms:CreateKey x", ImplicitDeny},
		{`,"Resource":["arn:minio:kms:::k1"]`, "kms:Status", Allow}, // the call names no key
		{`,"Resource":["arn:minio:kms:::k1"]`, "admin:KMSCreateKey", ImplicitDeny},
	} {
		statement := `{"Effect":"Allow","Action":["kms:*"]` + c.resource + `}`
		if got := ask(t, statement, requestFor(c.request, nil)); got != c.want {
			t.Errorf("%s, %q: %v, want %v", c.resource, c.request, got, c.want)
		}
	}
}

func TestManyKMSStatements(t *testing.T) {
	var statements []string
	for i := range 3 * indexThreshold {
		statements = append(statements, fmt.Sprintf(`{"Effect":"Allow","Action":["kms:*"],"Resource":["arn:minio:kms:::key-%d"]}`, i))
	}
	for request, want := range map[string]Outcome{
		"kms:CreateKey key-7": Allow, "kms:CreateKey key": ImplicitDeny, "kms:Status": Allow, "kms:Future key-7": Allow,
	} {
		if got := ask(t, strings.Join(statements, ","), requestFor(request, nil)); got != want {
			t.Errorf("%s: %v, want %v", request, got, want)
		}
	}
}

func TestManyStatementsAreFound(t *testing.T) {
	set := teams(t, 300)
	for i := range 310 {
		for request, want := range map[string]Outcome{
			"s3:GetObject team-%d/path/to/o":  Allow,
			"s3:GetObject team-%d":            Allow,
			"s3:DeleteObject team-%d/keep/o":  ExplicitDeny,
			"s3:DeleteObject team-%d/other/o": ImplicitDeny,
			"s3:GetObject team-%d-x/o":        ImplicitDeny,
		} {
			if i >= 300 {
				want = ImplicitDeny
			}
			r := requestFor(fmt.Sprintf(request, i), nil)
			got := set.Evaluate(&r)
			if got.Outcome != want || want != ImplicitDeny && got.Statement/2 != i {
				t.Fatalf("%s %s/%s: %+v, want %v by a statement of team %d", r.Action, r.Bucket, r.Object, got, want, i)
			}
		}
	}
}
