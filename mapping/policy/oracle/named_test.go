package oracle

import (
	"strings"
	"testing"

	minio "github.com/minio/pkg/v3/policy"

	"github.com/claimgate/claimgate/mapping/policy"
)

// outcome is what an engine does with a document and a request.
type outcome string

const (
	refused outcome = "refuses the document"
	allows  outcome = "allows"
	denies  outcome = "denies"
	panics  outcome = "panics"
)

// TestNamedDifferences shows how both engines behave for each difference in README.md. If a new version of
// MinIO's engine behaves differently, the list in README.md must change too.
func TestNamedDifferences(t *testing.T) {
	const (
		get       = "s3:GetObject"
		allow     = `{"Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["*"]},`
		condition = `{"Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["*"],"Condition":`
		home      = `{"Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::home/${aws:username}/*"]}]}`
	)
	for _, c := range []struct {
		name, document         string
		action, bucket, object string
		conditions             map[string][]string
		minio, claimgate       outcome
	}{
		{"D1", `{"Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["*"],"Conditions":{"Null":{"jwt:sub":false}}}]}`, get, "b", "o", nil, allows, refused},
		{"D1", `{"statement":[{"effect":"Allow","action":["s3:*"],"resource":["*"]}]}`, get, "b", "o", nil, allows, refused},
		{"D2", `{"Statement":[{"Effect":"Deny","Effect":"Allow","Action":["s3:*"],"Resource":["*"]}]}`, get, "b", "o", nil, allows, refused},
		{"D2", allow[:len(allow)-1] + `]} or not`, get, "b", "o", nil, allows, refused},
		{"D3", condition + `{"StringEquals":{}}}]}`, get, "b", "o", nil, allows, refused},
		{"D3", condition + `{"IpAddress":{"aws:SourceIp":"::1"}}}]}`, get, "b", "o", map[string][]string{"SourceIp": {"::2"}}, allows, refused},
		{"D3", condition + `{"Null":{"jwt:sub":null}}}]}`, get, "b", "o", map[string][]string{"sub": {"x"}}, allows, refused},
		{"D3", `{"Statement":[{"Effect":"Allow","Action":["kms:*"],"NotResource":["arn:minio:kms:::k"]}]}`, "kms:DeleteKey", "k", "", nil, allows, refused},
		{"D3", `{"Statement":[{"Effect":"Allow","NotAction":["s3:DeletObject"],"Resource":["*"]}]}`, "s3:DeleteObject", "b", "o", nil, allows, refused},
		{"D3", `{"Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::${jwt:department}"]}]}`, get, "${jwt:department}", "", nil, allows, refused},
		{"D4", home, get, "home", "${aws:username}/o", nil, allows, denies},
		{"D4", allow + `{"Effect":"Deny","Action":["s3:*"],"Resource":["arn:aws:s3:::home/${aws:username}/*"]}]}`, get, "home", "alice/o", nil, allows, denies},
		{"D5", home, get, "home", "victim/o", map[string][]string{"username": {"*"}}, allows, denies},
		{
			"D5", condition + `{"StringEquals":{"jwt:name":"${aws:UserAgent}"}}}]}`, get, "b", "o",
			map[string][]string{"UserAgent": {"${jwt:sub}"}, "sub": {"a"}, "name": {"a"}},
			allows, denies,
		},
		{"D6", `{"Statement":[{"Effect":"Allow","Action":["*"],"Resource":["arn:aws:s3:::b/*"]}]}`, get, "c", "o", nil, allows, denies},
		{"D6", `{"Statement":[{"Effect":"Allow","Action":["*:*"],"Resource":["*"]}]}`, "admin:ConfigUpdate", "", "", nil, allows, denies},
		{"D6", `{"Statement":[{"Effect":"Allow","NotAction":["s3:PutObject"],"Resource":["*"]}]}`, "admin:ConfigUpdate", "", "", nil, allows, denies},
		{"D7", `{"Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::b/o"]}]}`, get, "b", "secret/../o", nil, allows, denies},
		{"D7", `{"Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::b/o"]}]}`, get, "c", "../b/o", nil, allows, denies},
		{"D8", condition + `{"StringEquals":{"jwt:groups":"admins"}}}]}`, get, "b", "o", map[string][]string{"Groups": {"admins"}, "groups": {"users"}}, allows, denies},
		{"D8", condition + `{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]}`, get, "b", "o", map[string][]string{"SourceIp": {"192.0.2.1", "10.0.0.1"}}, allows, denies},
		{"D9", condition + `{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]}`, get, "b", "o", map[string][]string{"SourceIp": {"10.0.0.1:80"}}, allows, denies},
		{
			"D9", allow + `{"Effect":"Deny","Action":["s3:*"],"Resource":["*"],"Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]}`,
			get, "b", "o",
			map[string][]string{"SourceIp": {"10.0.0.1:80"}},
			allows, denies,
		},
		{"D10", condition + `{"ForAllValues:StringNotEquals":{"jwt:groups":"x"}}}]}`, get, "b", "o", map[string][]string{"groups": {"a", "x"}}, allows, denies},
		{"D10", condition + `{"ForAnyValue:StringNotEquals":{"jwt:groups":"x"}}}]}`, get, "b", "o", nil, allows, denies},
		{"D13", `{"Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::home/${jwt:preferred_username}/*"]}]}`, get, "home", "bob/o", map[string][]string{"preferred_username": {"bob", "carol"}}, allows, denies},
		{"D14", condition + `{"StringEquals":{"claim:acr":"mfa"}}}]}`, get, "b", "o", map[string][]string{"acr": {"mfa"}}, refused, denies},
		{"D11", condition + `{"StringNotEquals":{"jwt:groups":"x"}}}]}`, get, "b", "o", map[string][]string{"groups": {}}, panics, allows},
		{"D12", `{"Statement":[{"Effect":"Allow","Action":["admin:PoolList"]}]}`, "admin:PoolList", "", "", nil, refused, allows},
	} {
		conditions := c.conditions
		if conditions == nil {
			conditions = map[string][]string{}
		}
		request := policy.Request{Action: c.action, Bucket: c.bucket, Object: c.object, Context: facts(conditions)}
		if got := claimgateOutcome(c.document, request); got != c.claimgate {
			t.Errorf("%s: claimgate %s, want %s\n%s", c.name, got, c.claimgate, c.document)
		}
		args := minio.Args{Action: minio.Action(c.action), BucketName: c.bucket, ObjectName: c.object, ConditionValues: conditions}
		if got := minioOutcome(c.document, args); got != c.minio {
			t.Errorf("%s: MinIO %s, want %s\n%s", c.name, got, c.minio, c.document)
		}
	}
}

func claimgateOutcome(document string, request policy.Request) outcome {
	p, err := policy.Parse("p", []byte(document), policy.Source{})
	if err != nil {
		return refused
	}
	if policy.Compile(policy.Grant{Policy: p}).Evaluate(&request).Allowed() {
		return allows
	}
	return denies
}

func minioOutcome(document string, args minio.Args) (result outcome) {
	defer func() {
		if recover() != nil {
			result = panics
		}
	}()
	p, err := minio.ParseConfig(strings.NewReader(document))
	if err != nil {
		return refused
	}
	if p.IsAllowed(args) {
		return allows
	}
	return denies
}
