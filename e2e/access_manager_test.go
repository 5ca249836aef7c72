package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/minio/madmin-go/v3"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/claimgate/claimgate/e2e/internal/stack"
)

// accessManagerMapping grants what MinIO's demo of an access management plugin
// grants: everything to the account minio, everything but s3:Put* to others. A
// mapping grants nothing without a rule, so that the others are named here.
const accessManagerMapping = `version = 1

[[account]]
name     = "minio"
policies = ["everything"]

[[account]]
name     = "colleague"
policies = ["everything", "no-put"]

[[policy]]
name     = "everything"
document = '''
{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::*"]},
    {"Effect": "Allow", "Action": ["admin:*"]}
  ]
}
'''

[[policy]]
name     = "no-put"
document = '''
{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": ["s3:Put*"], "Resource": ["arn:aws:s3:::*"]}]}
'''
`

// claimgate passes MinIO's own acceptance test of an access management plugin, with
// a mapping that grants what MinIO's demo plugin grants. Root and users make and list
// buckets; users put nothing. Users make, list, inspect, change and delete access
// keys, and make one for root. One difference is intended: claimgate enforces the
// policy of an access key.
func TestAccessManagerDemo(t *testing.T) {
	t.Parallel()
	s := seeded(t, stack.Options{Mapping: accessManagerMapping})
	ctx := t.Context()
	root, colleague := s.Admin(s.Root()), addUser(t, s, "colleague")

	t.Run("root sees the user", func(t *testing.T) {
		users, err := root.ListUsers(ctx)
		if err != nil || users[colleague.AccessKeyID].Status != madmin.AccountEnabled {
			t.Errorf("users are %v, want %s enabled among them: %v", users, colleague.AccessKeyID, err)
		}
	})
	t.Run("the user makes a bucket, lists, reads and puts nothing", func(t *testing.T) {
		if err := s.S3(colleague).MakeBucket(ctx, "of-the-user", minio.MakeBucketOptions{}); err != nil {
			t.Errorf("make a bucket: %v", err)
		}
		grant{list: true, get: true}.check(t, viaS3(s.S3(colleague)))
		grant{list: true, get: true}.check(t, viaMC(s.MC(colleague)))
	})
	t.Run("the account minio puts too", func(t *testing.T) {
		grant{list: true, get: true, put: true}.check(t, viaS3(s.S3(addUser(t, s, "minio"))))
	})
	t.Run("an account without a rule may do nothing", func(t *testing.T) {
		grant{}.check(t, viaS3(s.S3(addUser(t, s, "stranger"))))
	})
	t.Run("access keys", func(t *testing.T) { accessKeys(t, s, colleague) })
}

// accessKeys makes, lists, changes, switches off and deletes an access key.
func accessKeys(t *testing.T, s *stack.Stack, owner credentials.Value) {
	t.Helper()
	ctx, admin := t.Context(), s.Admin(owner)
	key := accessKey(t, s, owner, "")

	found, err := admin.ListServiceAccounts(ctx, owner.AccessKeyID)
	if err != nil || !slices.ContainsFunc(found.Accounts, func(a madmin.ServiceAccountInfo) bool { return a.AccessKey == key.AccessKeyID }) {
		t.Errorf("the list of access keys lacks %s: %v", key.AccessKeyID, err)
	}
	info, err := admin.InfoServiceAccount(ctx, key.AccessKeyID)
	if err != nil || info.ParentUser != owner.AccessKeyID || info.AccountStatus != "on" || !info.ImpliedPolicy {
		t.Errorf("the access key is %+v, want one of %s that is on and has no policy of its own: %v", info, owner.AccessKeyID, err)
	}
	grant{list: true, get: true}.check(t, viaS3(s.S3(key)))

	// MinIO's demo plugin ignores policies of access keys and would allow the list.
	narrow := accessKey(t, s, owner, onlyGet)
	grant{get: true}.check(t, viaS3(s.S3(narrow)))

	changed := key
	changed.SecretAccessKey = "another-secret-key"
	if err := admin.UpdateServiceAccount(ctx, key.AccessKeyID, madmin.UpdateServiceAccountReq{NewSecretKey: changed.SecretAccessKey}); err != nil {
		t.Fatalf("change the secret: %v", err)
	}
	grant{list: true, get: true}.check(t, viaS3(s.S3(changed)))
	expect(t, "list with the old secret", refused(s, key, "SignatureDoesNotMatch"), false)

	if err := admin.UpdateServiceAccount(ctx, key.AccessKeyID, madmin.UpdateServiceAccountReq{NewStatus: "off"}); err != nil {
		t.Fatalf("switch the key off: %v", err)
	}
	expect(t, "list with a key that is off", refused(s, changed, "InvalidAccessKeyId"), false)
	if err := admin.DeleteServiceAccount(ctx, key.AccessKeyID); err != nil {
		t.Fatalf("delete the key: %v", err)
	}
	expect(t, "list with a deleted key", refused(s, changed, "InvalidAccessKeyId"), false)

	if _, err := admin.AddServiceAccount(ctx, madmin.AddServiceAccountReq{TargetUser: s.Root().AccessKeyID}); err != nil {
		t.Errorf("a key for root, which admin:* allows: %v", err)
	}
}

// refused lists with a key. It returns errDenied if MinIO itself refuses the key with
// the given error code.
func refused(s *stack.Stack, creds credentials.Value, code string) action {
	return func(ctx context.Context) error {
		err := viaS3(s.S3(creds)).list(ctx)
		if err != nil && strings.Contains(minio.ToErrorResponse(err).Code, code) {
			return errDenied
		}
		return err
	}
}
