package serve

import (
	"context"
	"errors"
	"time"

	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/revocation"
)

// makeRevocations makes the list of ended sessions, and the store that shares the list with other
// replicas if the configuration names one.
func (s *Service) makeRevocations() (err error) {
	s.revocations = revocation.NewList(time.Now, retention(s.config))
	s.logouts = revocation.NewLogoutVerifier(s.verifier, time.Now)
	if s.config.Revocation.Store == "memory" {
		return nil
	}
	if s.store, err = newStore(s.config, s.revocations, s.log); err != nil {
		return err
	}
	s.metrics.Register(s.store)
	return nil
}

// retention returns how long a revocation is kept: the longest time that a session or an access key may
// stay valid, with a margin for clocks.
func retention(c *config.Config) time.Duration {
	longest := c.Evidence.ServiceAccountMaxAge
	for i := range c.Issuers {
		// The issuer's clock may have been ahead, and this machine's clock may be behind.
		longest = max(longest, c.Issuers[i].MaxLifetime+2*c.Issuers[i].Leeway)
	}
	if c.Evidence.WithoutToken == "claims" {
		const longestSession = 365 * 24 * time.Hour // MinIO's bound on DurationSeconds
		longest = max(longest, longestSession)
	}
	return longest + time.Hour // somebody may set a clock
}

// storeTimeout bounds how long the start waits for the store. Without the wait, a new replica would not
// know any logout at first.
const storeTimeout = 2 * time.Second

// startStore connects to the store of revocations, and waits for storeTimeout at most.
func (s *Service) startStore(ctx context.Context) {
	if s.store == nil {
		return
	}
	s.store.Start()
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if !s.store.WaitSynced(ctx) {
		s.log.Warn().Msg("serving without the revocation store: logouts from before this start are not known until the store answers")
	}
}

// stale returns the function that reports whether shared revocations are too old; nil if revocations are
// not shared.
func (s *Service) stale() func() bool {
	if s.store == nil {
		return nil
	}
	return s.store.Stale
}

// logout ends the sessions that a logout token names.
func (s *Service) logout(ctx context.Context, token string) error {
	l, err := s.logouts.Verify(ctx, token)
	if err != nil {
		return err
	}
	var ended bool
	if s.store != nil {
		ended = s.store.End(ctx, l)
	} else {
		ended = s.revocations.End(l)
	}
	if !ended {
		return errors.New("its jti has been seen already")
	}
	s.log.Info().Str("issuer", l.Issuer).Str("sub", l.Subject).Bool("session", l.Session != "").Msg("a logout was received")
	return nil
}

// introspect returns the function that introspects a token; nil if introspection is off for every issuer.
func (s *Service) introspect() func(context.Context, *verifier.Identity, string) error {
	for i := range s.config.Issuers {
		if s.config.Issuers[i].Introspection.Enabled() {
			return s.verifier.Introspect
		}
	}
	return nil
}
