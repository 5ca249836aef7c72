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

// What time and the issuer do to tokens that MinIO's sessions outlive. MinIO
// itself never asks the issuer again.
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

	t.Run("a key that the issuer rotated away", func(t *testing.T) {
		used, unused := s.Login("alice", stack.AllScopes).ID, s.Login("alice", stack.AllScopes).ID
		all.check(t, with(used))

		s.RotateIssuerKey()
		fresh := s.Login("alice", stack.AllScopes).ID
		// The key is unknown and fetched on the spot: nobody who logs in after a
		// rotation is denied until the next refresh.
		all.check(t, with(fresh))
		// The same fetch has shown that the old key is gone, also for a token
		// that was verified before.
		grant{}.check(t, with(used))
		grant{}.check(t, with(unused))
		wantReason(t, s, plain, "token_unknown_key")

		// Where nobody logs in, the next refresh shows it.
		s.RotateIssuerKey()
		becomes(t, "a get by a token of the old key", with(fresh).get, false)
		grant{}.check(t, with(fresh))

		// MinIO follows, too.
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
		// Longer than the refresh, shorter than max_stale: the keys still count,
		// also for a token that was never seen.
		get := with(unused).get
		if complaint := judge(t.Context(), "get by a token that was not used before", get, true); complaint != "" {
			t.Error(complaint)
		}

		// Longer than max_stale: nobody can tell any more which keys are good.
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
		// AccessDenied, not ExpiredToken: MinIO still takes the session.
		grant{}.check(t, viaS3(s.S3(session)))
		wantReason(t, s, session, "token_expired")
		all.check(t, viaS3(s.S3(s.MustSession("alice", stack.AllScopes))))
	})
}

// wantReason waits until the newest decision about somebody's key has a reason.
// The engine hands out lines of a log a little after they were written.
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
