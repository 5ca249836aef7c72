package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/minio/madmin-go/v3"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/claimgate/claimgate/e2e/internal/stack"
)

// onlyGet is a session policy that allows reading objects of the bucket of all stacks.
const onlyGet = `{
  "Version": "2012-10-17",
  "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::` + bucket + `/*"]}]
}`

// accessKey makes an access key (a service account) of the owner. A policy that is not
// empty becomes the key's own.
func accessKey(t *testing.T, s *stack.Stack, owner credentials.Value, policy string) credentials.Value {
	t.Helper()
	made, err := s.Admin(owner).AddServiceAccount(t.Context(), madmin.AddServiceAccountReq{Policy: []byte(policy)})
	if err != nil {
		t.Fatalf("make an access key: %v", err)
	}
	return credentials.Value{AccessKeyID: made.AccessKey, SecretAccessKey: made.SecretKey}
}

// The policy of AssumeRoleWithWebIdentity or AssumeRole narrows the session and never
// widens it. With a webhook, MinIO itself does not enforce this policy.
func TestSessionPolicy(t *testing.T) {
	t.Parallel()
	s := shared(t)
	login := func(t *testing.T, user, policy string) credentials.Value {
		t.Helper()
		creds, err := s.RestrictedSession(s.Login(user, stack.AllScopes).ID, policy)
		if err != nil {
			t.Fatalf("AssumeRoleWithWebIdentity for %s with a policy: %v", user, err)
		}
		return creds
	}
	t.Run("of a login with more rights", func(t *testing.T) {
		alice := login(t, "alice", onlyGet)
		grant{get: true}.check(t, viaS3(s.S3(alice)))
		grant{get: true}.check(t, viaMC(s.MC(alice)))
		grant{get: true}.check(t, viaURL(linksOf(s, alice)))
	})
	t.Run("of a login with other rights", func(t *testing.T) {
		grant{}.check(t, viaS3(s.S3(login(t, "walt", onlyGet))))
	})
	t.Run("of an administrator", func(t *testing.T) {
		ada := login(t, "ada", onlyGet)
		grant{get: true}.check(t, viaS3(s.S3(ada)))
		expect(t, "list of users", func(ctx context.Context) error {
			_, err := s.Admin(ada).ListUsers(ctx)
			return adminDenied(err)
		}, false)
		// MinIO asks this with denyOnly: only an explicit deny may deny. The session
		// policy must count all the same (CVE-2025-62506).
		expect(t, "an access key of her own", func(ctx context.Context) error {
			_, err := s.Admin(ada).AddServiceAccount(ctx, madmin.AddServiceAccountReq{})
			return adminDenied(err)
		}, false)
	})
	t.Run("of a static key with a rule", func(t *testing.T) {
		jobs := addUser(t, s, "jobs")
		grant{list: true, get: true, put: true}.check(t, viaS3(s.S3(jobs)))
		grant{list: true, get: true, put: true}.check(t, viaS3(s.S3(s.AssumeRole(jobs, ""))))
		grant{get: true}.check(t, viaS3(s.S3(s.AssumeRole(jobs, onlyGet))))
	})
	t.Run("of root", func(t *testing.T) {
		grant{list: true, get: true, put: true}.check(t, viaS3(s.S3(s.AssumeRole(s.Root(), ""))))
		grant{}.check(t, viaS3(s.S3(s.AssumeRole(s.Root(), onlyGet))))
	})
}

// An access key (service account) has the rights of its owner. An access key with a
// policy of its own has the rights that both allow, and cannot make a key with more
// rights.
func TestAccessKeyPolicy(t *testing.T) {
	t.Parallel()
	s := shared(t)

	for name, owner := range map[string]credentials.Value{
		"of a login":                  s.MustSession("alice", stack.AllScopes),
		"of a static key with a rule": addUser(t, s, "jobs"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := s.For(t)
			grant{list: true, get: true, put: true}.check(t, viaS3(s.S3(accessKey(t, s, owner, ""))))

			narrow := accessKey(t, s, owner, onlyGet)
			grant{get: true}.check(t, viaS3(s.S3(narrow)))
			grant{get: true}.check(t, viaMC(s.MC(narrow)))
			expect(t, "a further key", func(ctx context.Context) error {
				_, err := s.Admin(narrow).AddServiceAccount(ctx, madmin.AddServiceAccountReq{})
				return adminDenied(err)
			}, false)
		})
	}
	t.Run("of a user without rights is denied", func(t *testing.T) {
		expect(t, "a key of their own", func(ctx context.Context) error {
			_, err := s.Admin(s.MustSession("nobody", stack.AllScopes)).AddServiceAccount(ctx, madmin.AddServiceAccountReq{})
			return adminDenied(err)
		}, false)
	})
	t.Run("for root is denied", func(t *testing.T) {
		s := s.For(t)
		expect(t, "a key for root", func(ctx context.Context) error {
			_, err := s.Admin(s.MustSession("alice", stack.AllScopes)).
				AddServiceAccount(ctx, madmin.AddServiceAccountReq{TargetUser: s.Root().AccessKeyID})
			return adminDenied(err)
		}, false)
	})
}

// An access key of a login keeps the token of that login forever. The token counts
// until it expires, or with evidence.service_account_max_age until this time after its
// issue. The session itself ends with its token in both cases.
func TestAccessKeyOutlivesItsToken(t *testing.T) {
	t.Parallel()
	s := seeded(t, stack.Options{
		Env:    map[string]string{"CLAIMGATE_ISSUER_0_LEEWAY": "0s"},
		Config: "\n[evidence]\nservice_account_max_age = \"1h\"\n",
	})
	// Both tokens expire in a minute, so that a slow machine can use them before. One
	// is older than evidence.service_account_max_age.
	end := time.Now().Add(time.Minute).Unix()
	fresh, stale := endingLogin(t, s, 0, end), endingLogin(t, s, 2*time.Hour, end)
	freshKey, staleKey := accessKey(t, s, fresh, ""), accessKey(t, s, stale, "")
	all := grant{list: true, get: true, put: true}
	for name, creds := range map[string]credentials.Value{
		"fresh session": fresh, "its key": freshKey, "stale session": stale, "its  key": staleKey,
	} {
		t.Run(name, func(t *testing.T) { all.check(t, viaS3(s.S3(creds))) })
	}

	endsAt(t, end, "get with the stale key", viaS3(s.S3(staleKey)).get)
	grant{}.check(t, viaS3(s.S3(staleKey)))
	endsAt(t, end, "get in the fresh session", viaS3(s.S3(fresh)).get)
	all.check(t, viaS3(s.S3(freshKey)))
}

// endingLogin returns a session of alice. Its token was issued some time ago and
// ends at the given second.
func endingLogin(t *testing.T, s *stack.Stack, age time.Duration, end int64) credentials.Value {
	t.Helper()
	claims := s.Claims(s.Login("alice", stack.AllScopes).ID)
	inner, ok := claims["authentik_token"].(string)
	if !ok {
		t.Fatal("the login has no authentik_token")
	}
	evidence := s.Claims(inner)
	evidence["iat"], evidence["exp"] = time.Now().Add(-age).Unix(), end
	claims["authentik_token"] = s.Sign(evidence)
	creds, err := s.Session(s.Sign(claims))
	if err != nil {
		t.Fatalf("AssumeRoleWithWebIdentity: %v", err)
	}
	return creds
}
