package oracle

import (
	"strings"
	"testing"

	minio "github.com/minio/pkg/v3/policy"

	"github.com/claimgate/claimgate/mapping/policy"
)

// TestCannedPoliciesAgree compares the five canned policies with MinIO's for every action: on a bucket, on
// an object, and without a resource.
func TestCannedPoliciesAgree(t *testing.T) {
	if len(minio.DefaultPolicies) != len(policy.CannedNames()) {
		t.Fatalf("MinIO has %d canned policies, claimgate %d", len(minio.DefaultPolicies), len(policy.CannedNames()))
	}
	targets := [][2]string{{"", ""}, {"bucket", ""}, {"bucket", "path/to/object"}}
	compared := 0
	for _, canned := range minio.DefaultPolicies {
		mine, found := policy.Canned(canned.Name)
		if !found {
			t.Errorf("there is no canned policy %s", canned.Name)
			continue
		}
		set := policy.Compile(policy.Grant{Policy: mine})
		for _, action := range append(policy.Actions(), unknownActions...) {
			for _, target := range targets {
				for _, denyOnly := range []bool{false, true} {
					got := set.Evaluate(&policy.Request{Action: action, Bucket: target[0], Object: target[1], DenyOnly: denyOnly}).Allowed()
					want := canned.Definition.IsAllowed(minio.Args{
						Action: minio.Action(action), BucketName: target[0], ObjectName: target[1], DenyOnly: denyOnly,
						ConditionValues: map[string][]string{},
					})
					if got != want {
						t.Errorf("%s, %s on %q, denyOnly %t: claimgate %t, MinIO %t", canned.Name, action, target, denyOnly, got, want)
					}
					compared++
				}
			}
		}
	}
	t.Logf("%d answers compared", compared)
}

// TestActionNames compares the list of actions with MinIO's. MinIO loads every listed action, except those
// of D12, and every action of MinIO is listed.
func TestActionNames(t *testing.T) {
	for _, action := range policy.Actions() {
		d := document{Statements: []statement{{Effect: "Allow", Action: []string{action}}}}
		if strings.HasPrefix(action, "s3:") {
			d.Statements[0].Resource = []string{"*"}
		}
		_, err := minio.ParseConfig(strings.NewReader(string(d.text())))
		unlisted := namesUnlisted(testCase{Documents: []document{d}})
		if (err != nil) != unlisted {
			t.Errorf("%s: unlisted %t, but MinIO says %v", action, unlisted, err)
		}
	}
	for action := range minio.IAMActionConditionKeyMap {
		d := document{Statements: []statement{{Effect: "Deny", Action: []string{string(action)}, Resource: []string{"*"}}}}
		if _, err := policy.Parse("p", d.text(), policy.Source{}); err != nil {
			t.Errorf("MinIO knows %s: %v", action, err)
		}
	}
}
