package oracle

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	minio "github.com/minio/pkg/v3/policy"

	"github.com/claimgate/claimgate/mapping/policy"
)

// A speedCase is one request that both engines decide repeatedly.
type speedCase struct {
	name    string
	policy  []byte
	request policy.Request
	faster  float64 // claimgate must be this many times faster
}

func speedCases() []speedCase {
	var all []speedCase
	canned := func(name, action, bucket, object string) {
		text := fmt.Sprintf("%s/%s", name, strings.ReplaceAll(action, ":", "."))
		all = append(all, speedCase{text, cannedText(name), policy.Request{Action: action, Bucket: bucket, Object: object}, 1})
	}
	canned("readonly", "s3:GetObject", "bucket", "path/to/object")
	canned("readonly", "s3:PutObject", "bucket", "path/to/object")
	canned("writeonly", "s3:PutObject", "bucket", "path/to/object")
	canned("readwrite", "s3:ListBucket", "bucket", "")
	canned("readwrite", "admin:Heal", "", "")
	canned("diagnostics", "admin:ConsoleLog", "", "")
	canned("consoleAdmin", "s3:GetObject", "bucket", "path/to/object")
	canned("consoleAdmin", "kms:Status", "", "")
	for _, n := range []int{10, 1000} {
		faster := 1.0
		if n == 1000 {
			faster = 10
		}
		request := policy.Request{Action: "s3:GetObject", Bucket: fmt.Sprintf("team-%d", n-1), Object: "path/to/object"}
		all = append(all, speedCase{fmt.Sprintf("%d statements", n), manyStatements(n), request, faster})
		request.Bucket = "elsewhere"
		all = append(all, speedCase{fmt.Sprintf("%d statements, none", n), manyStatements(n), request, faster})
	}
	return all
}

func cannedText(name string) []byte {
	for _, p := range minio.DefaultPolicies {
		if p.Name == name {
			text, err := json.Marshal(p.Definition)
			if err != nil {
				panic(err)
			}
			return text
		}
	}
	panic("MinIO has no canned policy " + name)
}

func manyStatements(n int) []byte {
	d := document{Version: policy.Version}
	for i := range n {
		d.Statements = append(d.Statements, statement{
			Effect: "Allow", Action: []string{"s3:GetObject", "s3:PutObject", "s3:ListBucket"},
			Resource: []string{fmt.Sprintf("arn:aws:s3:::team-%d", i), fmt.Sprintf("arn:aws:s3:::team-%d/*", i)},
		})
	}
	return d.text()
}

func (c speedCase) claimgate(tb testing.TB) func() {
	p, err := policy.Parse("p", c.policy, policy.Source{File: "p"})
	if err != nil {
		tb.Fatal(err)
	}
	set, request := policy.Compile(policy.Grant{Policy: p}), c.request
	return func() { set.Evaluate(&request) }
}

func (c speedCase) minio(tb testing.TB) func() {
	p, err := minio.ParseConfig(strings.NewReader(string(c.policy)))
	if err != nil {
		tb.Fatal(err)
	}
	args := minio.Args{
		Action: minio.Action(c.request.Action), BucketName: c.request.Bucket, ObjectName: c.request.Object,
		ConditionValues: map[string][]string{},
	}
	return func() { p.IsAllowed(args) }
}

func BenchmarkBesideMinIO(b *testing.B) {
	for _, c := range speedCases() {
		for _, engine := range []struct {
			name string
			ask  func(testing.TB) func()
		}{{"claimgate", c.claimgate}, {"minio", c.minio}} {
			b.Run(c.name+"/"+engine.name, func(b *testing.B) {
				ask := engine.ask(b)
				b.ReportAllocs()
				for b.Loop() {
					ask()
				}
			})
		}
	}
}
