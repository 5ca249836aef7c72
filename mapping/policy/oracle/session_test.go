package oracle

import (
	"bytes"
	"encoding/json"
	"maps"
	"testing"

	minio "github.com/minio/pkg/v3/policy"

	"github.com/claimgate/claimgate/mapping/policy"
)

// MinIO parses a session policy and writes it again into the session. The written text must load here, and
// must mean the same as the original.
func TestSessionPoliciesAsMinIOWritesThem(t *testing.T) {
	first, compared := seed(t), 0
	for i := range cases(t) / 50 {
		g := newGenerator(1<<40 + first + uint64(i))
		c := g.documents()
		c.Documents = c.Documents[:1]
		original, err := minioPolicy(string(c.Documents[0].text()))
		if err != nil || bytes.Contains(c.Documents[0].text(), []byte(".5Z")) {
			continue // MinIO writes times without their fractions
		}
		mine, kind, err := policy.ParseSession(c.Documents[0].text())
		if err != nil {
			continue
		}
		written, err := json.Marshal(original)
		if err != nil {
			continue // MinIO's engine cannot write a NotAction
		}
		again, kindAgain, err := policy.ParseSession(written)
		if err != nil {
			t.Fatalf("%v\n%s\nwritten by MinIO as\n%s", err, c.Documents[0].text(), written)
		}
		if kind != kindAgain {
			t.Fatalf("%v became %v\n%s\nwritten by MinIO as\n%s", kind, kindAgain, c.Documents[0].text(), written)
		}
		rewritten, err := minioPolicy(string(written))
		if err != nil {
			t.Fatalf("MinIO does not read what it wrote: %v\n%s", err, written)
		}
		for range 8 {
			c = g.request(c)
			maps.DeleteFunc(c.Conditions, func(_ string, values []string) bool { return len(values) == 0 }) // D11
			request := &policy.Request{Action: c.Action, Bucket: c.Bucket, Object: c.Object, Context: facts(c.Conditions)}
			before := policy.Compile(policy.Grant{Policy: mine}).Evaluate(request)
			after := policy.Compile(policy.Grant{Policy: again}).Evaluate(request)
			args := minio.Args{
				Action: minio.Action(c.Action), BucketName: c.Bucket, ObjectName: c.Object, ConditionValues: c.Conditions,
			}
			if original.IsAllowed(args) != rewritten.IsAllowed(args) {
				continue // MinIO drops one of two conditions that differ only in their qualifier
			}
			if before.Allowed() != after.Allowed() {
				t.Fatalf("%v became %v\n%swritten by MinIO as\n%s", before.Outcome, after.Outcome, c, written)
			}
			compared++
		}
	}
	t.Logf("%d answers compared", compared)
}
