package e2e

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/claimgate/claimgate/e2e/internal/stack"
)

const failedRefreshes = `claimgate_jwks_refreshes_total{issuer="authentik",outcome="error"}`

// claimgate stops accepting a token when it expires, when the issuer removes its key,
// and when the key set is too old. The MinIO session lives on: MinIO itself never asks
// the issuer again.
func TestLifetimeOfTokens(t *testing.T) {
	t.Parallel()
	const evidence = 20 * time.Second // long enough for a slow machine to use a token before it ends
	s := seeded(t, stack.Options{
		Issuer: []string{"--evidence-lifetime", evidence.String()},
		Env: map[string]string{
			"CLAIMGATE_ISSUER_0_LEEWAY":           "0s",
			"CLAIMGATE_ISSUER_0_REFRESH":          "2s",
			"CLAIMGATE_ISSUER_0_REFETCH_COOLDOWN": "1s",
			"CLAIMGATE_ISSUER_0_MAX_STALE":        "45s",
		},
	})
	all := grant{list: true, get: true, put: true}
	plain := s.MustSession("alice", stack.NoEvidence)
	with := func(token string) actions { return viaMC(s.MC(plain).WithToken(token)) }

	t.Run("a key that the issuer has replaced", func(t *testing.T) {
		used, unused := s.Login("alice", stack.AllScopes).ID, s.Login("alice", stack.AllScopes).ID
		all.check(t, with(used))

		s.RotateIssuerKey()
		fresh := s.Login("alice", stack.AllScopes).ID
		// claimgate fetches an unknown key at once: a login after a rotation does not
		// have to wait for the next refresh.
		all.check(t, with(fresh))
		// The same fetch shows that the old key is gone. This also ends tokens that
		// were verified before.
		grant{}.check(t, with(used))
		grant{}.check(t, with(unused))
		wantReason(t, s, plain, "token_unknown_key")

		// Without a new login, the next refresh shows it.
		s.RotateIssuerKey()
		becomes(t, "a get by a token of the old key", with(fresh).get, false)
		grant{}.check(t, with(fresh))

		// MinIO accepts the new key, too.
		all.check(t, viaS3(s.S3(s.MustSession("ada", stack.AllScopes))))
	})

	t.Run("an issuer that is gone for a while", func(t *testing.T) {
		used, unused := s.Login("alice", stack.AllScopes).ID, s.Login("alice", stack.AllScopes).ID
		all.check(t, with(used))
		failed := s.Gateway(0).Metric(failedRefreshes)

		s.StopIssuer()
		eventually(t, func() error {
			if s.Gateway(0).Metric(failedRefreshes) == failed {
				return errors.New("no refresh has failed")
			}
			return nil
		})
		// After a failed refresh and before max_stale the keys still count, also for
		// a token that was not used before.
		get := with(unused).get
		if complaint := judge(t.Context(), "get by a token that was not used before", get, true); complaint != "" {
			t.Error(complaint)
		}

		// After max_stale no key counts.
		becomes(t, "a get by a token that was verified before", with(used).get, false)
		grant{}.check(t, with(used))
		wantReason(t, s, plain, "keys_unavailable")
		all.check(t, viaS3(s.S3(s.Root())))

		s.StartIssuer()
		becomes(t, "a get after the issuer came back", with(used).get, true)
		all.check(t, with(used))
		all.check(t, with(s.Login("alice", stack.AllScopes).ID))
	})

	t.Run("a session that outlives its token", func(t *testing.T) {
		login := s.Login("alice", stack.AllScopes).ID
		session, err := s.Session(login)
		if err != nil {
			t.Fatal(err)
		}
		inner := s.Claims(s.Claims(login)["authentik_token"].(string))
		get := viaS3(s.S3(session)).get
		expect(t, "get", get, true)
		endsAt(t, int64(inner["exp"].(float64)), "the same get", get)
		// AccessDenied, not ExpiredToken: MinIO still accepts the session.
		grant{}.check(t, viaS3(s.S3(session)))
		wantReason(t, s, session, "token_expired")
		all.check(t, viaS3(s.S3(s.MustSession("alice", stack.AllScopes))))
	})
}

// wantReason waits until the newest decision about an access key is a denial with the
// given reason. The container engine returns lines of a log with a delay.
func wantReason(t *testing.T, s *stack.Stack, who credentials.Value, reason string) {
	t.Helper()
	eventually(t, func() error {
		for _, d := range slices.Backward(s.Gateway(0).Decisions()) {
			switch {
			case d.Account != who.AccessKeyID:
			case d.Allow || d.Reason != reason:
				return fmt.Errorf("the newest decision about %s is %s, want %s", who.AccessKeyID, d.Reason, reason)
			default:
				return nil
			}
		}
		return fmt.Errorf("no decision is about %s", who.AccessKeyID)
	})
}
