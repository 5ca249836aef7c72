package e2e

import (
	"context"
	"testing"

	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/claimgate/claimgate/e2e/internal/stack"
)

// Any S3 client carries the token when Authentik puts it into a claim.
func TestTokenInsideTheSession(t *testing.T) {
	t.Parallel()
	s := seeded(t, stack.Options{})

	t.Run("root needs no token", func(t *testing.T) {
		grant{list: true, get: true, put: true}.check(t, viaS3(s.S3(s.Root())))
		grant{list: true, get: true, put: true}.check(t, viaMC(s.MC(s.Root())))
	})
	for _, who := range identities {
		t.Run(who.user, func(t *testing.T) {
			session := s.MustSession(who.user, stack.AllScopes)
			t.Run("by an S3 program", func(t *testing.T) { who.want.check(t, viaS3(s.S3(session))) })
			t.Run("by mc", func(t *testing.T) { who.want.check(t, viaMC(s.MC(session))) })
		})
	}
	t.Run("only the administrator administers", func(t *testing.T) {
		for user, allowed := range map[string]bool{"ada": true, "alice": false} {
			m := s.MC(s.MustSession(user, stack.AllScopes))
			list := func(context.Context) error {
				_, err := m.Run("", "admin", "user", "ls", "e2e")
				return mcDenied(err)
			}
			if complaint := judge(t.Context(), user+"'s list of users", list, allowed); complaint != "" {
				t.Error(complaint)
			}
		}
	})
}

// mc can send the token in a header, beside a session that carries none and
// beside a static key of the same name.
func TestTokenInTheHeader(t *testing.T) {
	t.Parallel()
	s := seeded(t, stack.Options{})

	for _, who := range identities {
		header := s.Login(who.user, stack.AllScopes).ID
		session := s.MustSession(who.user, stack.NoEvidence)
		static := addUser(t, s, who.user)

		t.Run(who.user+" with a session", func(t *testing.T) {
			grant{}.check(t, viaMC(s.MC(session)))
			who.want.check(t, viaMC(s.MC(session).WithToken(header)))
		})
		t.Run(who.user+" with a static key", func(t *testing.T) {
			grant{}.check(t, viaMC(s.MC(static)))
			who.want.check(t, viaMC(s.MC(static).WithToken(header)))
		})
	}
	t.Run("an access token is as good", func(t *testing.T) {
		session := s.MustSession("rhea", stack.NoEvidence)
		grant{get: true}.check(t, viaMC(s.MC(session).WithToken(s.Login("rhea", stack.AllScopes).Access)))
	})
	t.Run("a token of somebody else opens nothing", func(t *testing.T) {
		token := s.Login("ada", stack.AllScopes).ID
		grant{}.check(t, viaMC(s.MC(s.MustSession("rhea", stack.NoEvidence)).WithToken(token)))
		grant{}.check(t, viaMC(s.MC(addUser(t, s, "eve")).WithToken(token)))
	})
	t.Run("two tokens that differ open nothing", func(t *testing.T) {
		session := s.MustSession("alice", stack.AllScopes)
		grant{}.check(t, viaMC(s.MC(session).WithToken(s.Login("alice", stack.AllScopes).ID)))
	})
	t.Run("a token that was tampered with opens nothing", func(t *testing.T) {
		token := s.Login("alice", stack.AllScopes).ID
		forged := token[:len(token)-8] + "AAAAAAAA"
		grant{}.check(t, viaMC(s.MC(s.MustSession("alice", stack.NoEvidence)).WithToken(forged)))
	})
}

// addUser makes a static MinIO user. MinIO attaches no policy to it and would
// deny it everything.
func addUser(t *testing.T, s *stack.Stack, name string) credentials.Value {
	t.Helper()
	const secret = "static-user-secret"
	if out, err := s.MC(s.Root()).Run("", "admin", "user", "add", "e2e", name, secret); err != nil {
		t.Fatalf("add user %s: %v %s", name, err, out)
	}
	return credentials.Value{AccessKeyID: name, SecretAccessKey: secret}
}
