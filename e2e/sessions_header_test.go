package e2e

import (
	"testing"

	"github.com/claimgate/claimgate/e2e/internal/stack"
)

// A token in a header (mc -H "X-Authentik-Jwt: ...") grants its rights to a session
// without a token, and to a static key with the user's name. A damaged token grants
// nothing, and neither do two different tokens.
func TestTokenInTheHeader(t *testing.T) {
	t.Parallel()
	s := shared(t)

	for _, who := range identities {
		t.Run(who.user, func(t *testing.T) {
			t.Parallel()
			s := s.For(t)
			header := s.Login(who.user, stack.AllScopes).ID
			session := s.MustSession(who.user, stack.NoEvidence)
			static := addUser(t, s, who.user)

			t.Run("with a session", func(t *testing.T) {
				grant{}.check(t, viaMC(s.MC(session)))
				who.want.check(t, viaMC(s.MC(session).WithToken(header)))
			})
			t.Run("with a static key", func(t *testing.T) {
				grant{}.check(t, viaMC(s.MC(static)))
				who.want.check(t, viaMC(s.MC(static).WithToken(header)))
			})
		})
	}
	t.Run("an access token counts, too", func(t *testing.T) {
		session := s.MustSession("rhea", stack.NoEvidence)
		grant{get: true}.check(t, viaMC(s.MC(session).WithToken(s.Login("rhea", stack.AllScopes).Access)))
	})
	t.Run("two different tokens grant nothing", func(t *testing.T) {
		session := s.MustSession("alice", stack.AllScopes)
		grant{}.check(t, viaMC(s.MC(session).WithToken(s.Login("alice", stack.AllScopes).ID)))
	})
	t.Run("a changed token grants nothing", func(t *testing.T) {
		token := s.Login("alice", stack.AllScopes).ID
		forged := token[:len(token)-8] + "AAAAAAAA"
		grant{}.check(t, viaMC(s.MC(s.MustSession("alice", stack.NoEvidence)).WithToken(forged)))
	})
}

// A token of one user grants nothing with the credential of another: a session of
// another user, with or without rights, or a static key with another name.
func TestStolenToken(t *testing.T) {
	t.Parallel()
	s := shared(t)
	stolen := s.Login("ada", stack.AllScopes).ID

	grant{}.check(t, viaMC(s.MC(s.MustSession("rhea", stack.NoEvidence)).WithToken(stolen)))
	grant{}.check(t, viaMC(s.MC(s.MustSession("nobody", stack.NoEvidence)).WithToken(stolen)))
	grant{}.check(t, viaMC(s.MC(addUser(t, s, "eve")).WithToken(stolen)))
	// Together with the thief's own token these are two different tokens: even the
	// thief's own rights are gone.
	grant{}.check(t, viaMC(s.MC(s.MustSession("rhea", stack.AllScopes)).WithToken(stolen)))
}

// A token of another application of the same Authentik grants nothing, although the
// key and the user are the same.
func TestTokenOfAnotherApplication(t *testing.T) {
	t.Parallel()
	s := shared(t)
	session := s.MustSession("alice", stack.NoEvidence)
	static := addUser(t, s, "alice")

	other := s.LoginToOther("alice", stack.AllScopes)
	for name, token := range map[string]string{"id_token": other.ID, "access token": other.Access} {
		t.Run(name, func(t *testing.T) {
			s := s.For(t)
			grant{}.check(t, viaMC(s.MC(session).WithToken(token)))
			grant{}.check(t, viaMC(s.MC(static).WithToken(token)))
		})
	}
	t.Run("her token of this application counts", func(t *testing.T) {
		token := s.Login("alice", stack.AllScopes).ID
		grant{list: true, get: true, put: true}.check(t, viaMC(s.MC(static).WithToken(token)))
	})
}
