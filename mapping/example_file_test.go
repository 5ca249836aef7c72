package mapping_test

import (
	"testing"
	"time"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
)

const examplePath = "../mapping.example.toml"

// The comments in the example say what it grants. This test checks that the comments are true.
func TestTheExampleMappingGrantsWhatItSays(t *testing.T) {
	m, findings := mapping.Load(examplePath)
	if len(findings) > 0 {
		t.Fatalf("the example has findings: %v", findings)
	}
	ask := func(g *mapping.Grants, action, bucket, object string) string {
		r := &policy.Request{Action: action, Bucket: bucket, Object: object}
		if answer, denied := g.Guard(r); denied {
			return "guard: " + answer.Rule.Name
		}
		return g.Evaluate(r).Outcome.String()
	}
	group := func(names ...string) *mapping.Grants {
		return m.Principal(mapping.Principal{Issuer: "authentik", Subject: "alice", Groups: names}, time.Now())
	}
	claim := func(values ...string) *mapping.Grants {
		return m.Principal(mapping.Principal{Issuer: "authentik", Subject: "alice", Claim: values}, time.Now())
	}
	const allow, deny = "allow", "implicit deny"
	tests := []struct {
		name                   string
		grants                 *mapping.Grants
		action, bucket, object string
		want                   string
	}{
		{"admins administer", group("MinIO admins"), "admin:CreateUser", "", "", allow},
		{"users write", group("MinIO users"), "s3:PutObject", "b", "o", allow},
		{"users do not administer", group("MinIO users"), "admin:ServerInfo", "", "", deny},
		{"readers read", group("MinIO readers"), "s3:GetObject", "b", "o", allow},
		{"readers do not list", group("MinIO readers"), "s3:ListBucket", "b", "", deny},
		{"writers write", group("MinIO writers"), "s3:PutObject", "b", "o", allow},
		{"writers do not read", group("MinIO writers"), "s3:GetObject", "b", "o", deny},
		{"a team uses its bucket", group("minio-rw-reports"), "s3:DeleteObject", "reports", "o", allow},
		{"a team lists its bucket", group("minio-rw-reports"), "s3:ListBucket", "reports", "", allow},
		{"a team keeps off others' buckets", group("minio-rw-reports"), "s3:GetObject", "reports2", "o", deny},
		{"no bucket of that name", group("minio-rw-*"), "s3:GetObject", "reports", "o", deny},
		{"another case is another group", group("minio admins"), "admin:CreateUser", "", "", deny},
		{"the claim grants what it may", claim("readOnly, readwrite"), "s3:PutObject", "b", "o", allow},
		{"the claim makes no administrator", claim("consoleAdmin"), "admin:CreateUser", "", "", deny},
		{"nobody deletes backups", group("MinIO admins"), "s3:DeleteObject", "backups", "o", "guard: backups are immutable"},
		{"nobody publishes", claim("readwrite"), "s3:PutBucketPolicy", "b", "", "guard: no bucket becomes public"},
		{"except in an emergency", group("MinIO admins", "break-glass"), "s3:DeleteObject", "backups", "o", allow},
		{"the guards bind accounts", m.Account("velero", time.Now()), "s3:DeleteObject", "backups", "o", "guard: backups are immutable"},
		{"velero writes", m.Account("velero", time.Now()), "s3:PutObject", "b", "o", allow},
		{"prometheus scrapes", m.Account("prometheus", time.Now()), "admin:Prometheus", "", "", allow},
		{"no other account", m.Account("alice", time.Now()), "s3:GetObject", "b", "o", deny},
		{"the exporter writes", m.Principal(mapping.Principal{Subject: "ak-backup"}, time.Now()), "s3:PutObject", "b", "o", allow},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ask(tt.grants, tt.action, tt.bucket, tt.object); got != tt.want {
				t.Errorf("%s on %s/%s: %s, want %s", tt.action, tt.bucket, tt.object, got, tt.want)
			}
		})
	}
}
