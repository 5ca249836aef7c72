package main

import (
	"context"
	"errors"
	"time"

	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/revocation"
)

// makeRevocations makes the memory of ended sessions and, where one is
// configured, the store that shares it with other replicas.
func (s *service) makeRevocations() (err error) {
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

// retention is how long a revocation is remembered: as long as any session or
// access key it ends may count.
func retention(c *config.Config) time.Duration {
	longest := c.Evidence.ServiceAccountMaxAge
	for i := range c.Issuers {
		// A token may have been issued by a clock that was ahead, and count past its
		// exp by one that is behind.
		longest = max(longest, c.Issuers[i].MaxLifetime+2*c.Issuers[i].Leeway)
	}
	if c.Evidence.WithoutToken == "claims" {
		const longestSession = 365 * 24 * time.Hour // MinIO's bound on DurationSeconds
		longest = max(longest, longestSession)
	}
	return longest + time.Hour // clocks are set now and then
}

// storePatience is the most that the start waits for the store. Without it, a
// replica that is new would for a moment know of no logout at all.
const storePatience = 2 * time.Second

// startStore connects to the store of revocations.
func (s *service) startStore(ctx context.Context) {
	if s.store == nil {
		return
	}
	s.store.Start()
	ctx, cancel := context.WithTimeout(ctx, storePatience)
	defer cancel()
	if !s.store.WaitSynced(ctx) {
		s.log.Warn().Msg("serving without the revocation store: logouts from before this start are not known until it answers")
	}
}

// stale is what the gateway asks; nil where nothing is shared.
func (s *service) stale() func() bool {
	if s.store == nil {
		return nil
	}
	return s.store.Stale
}

// logout ends what a logout token names.
func (s *service) logout(ctx context.Context, token string) error {
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

// introspect is what the gateway asks; nil where no issuer is asked.
func (s *service) introspect() func(context.Context, *verifier.Identity, string) error {
	for i := range s.config.Issuers {
		if s.config.Issuers[i].Introspection.Enabled() {
			return s.verifier.Introspect
		}
	}
	return nil
}
