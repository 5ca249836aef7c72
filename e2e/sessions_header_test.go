package e2e

import (
	"testing"

	"github.com/claimgate/claimgate/e2e/internal/stack"
)

// The token goes in a header, mc -H "X-Authentik-Jwt: ...", beside a session
// that carries none and beside a static key of the same name. A damaged token
// and two tokens that differ open nothing.
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
	t.Run("an access token is as good", func(t *testing.T) {
		session := s.MustSession("rhea", stack.NoEvidence)
		grant{get: true}.check(t, viaMC(s.MC(session).WithToken(s.Login("rhea", stack.AllScopes).Access)))
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

// A token opens nothing with a credential that it was not made for: not with
// somebody else's session, not with a static key of another name, not with the
// session of nobody in particular.
func TestStolenToken(t *testing.T) {
	t.Parallel()
	s := shared(t)
	stolen := s.Login("ada", stack.AllScopes).ID

	grant{}.check(t, viaMC(s.MC(s.MustSession("rhea", stack.NoEvidence)).WithToken(stolen)))
	grant{}.check(t, viaMC(s.MC(s.MustSession("nobody", stack.NoEvidence)).WithToken(stolen)))
	grant{}.check(t, viaMC(s.MC(addUser(t, s, "eve")).WithToken(stolen)))
	// Beside the thief's own token it makes two, and then not even the thief's
	// own rights are left.
	grant{}.check(t, viaMC(s.MC(s.MustSession("rhea", stack.AllScopes)).WithToken(stolen)))
}

// A token of another application of the same Authentik, signed with the same
// key for the same user, opens nothing.
func TestTokenOfAnotherApplication(t *testing.T) {
	t.Parallel()
	s := shared(t)
	session := s.MustSession("alice", stack.NoEvidence)
	static := addUser(t, s, "alice")

	other := s.LoginElsewhere("alice", stack.AllScopes)
	for name, token := range map[string]string{"id_token": other.ID, "access token": other.Access} {
		t.Run(name, func(t *testing.T) {
			s := s.For(t)
			grant{}.check(t, viaMC(s.MC(session).WithToken(token)))
			grant{}.check(t, viaMC(s.MC(static).WithToken(token)))
		})
	}
	t.Run("while her token of this one does", func(t *testing.T) {
		token := s.Login("alice", stack.AllScopes).ID
		grant{list: true, get: true, put: true}.check(t, viaMC(s.MC(static).WithToken(token)))
	})
}
