package verifier

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Introspection is how an issuer is asked whether a token still counts (RFC 7662).
type Introspection struct {
	// ClientID and ClientSecret are the client that asks, for Authentik the
	// provider's own. "" for ClientID asks nobody.
	ClientID, ClientSecret string
	// Endpoint is where it is asked; "" means discovery.
	Endpoint string
	// TTL is how long an answer counts.
	TTL time.Duration
	// AllowOnError lets a token count while the issuer cannot be asked. Without
	// it the token is refused.
	AllowOnError bool
}

func (i *Introspection) validate(insecure bool) error {
	switch {
	case i.ClientID == "":
		return nil
	case i.ClientSecret == "":
		return errors.New("the client's secret is empty")
	case i.TTL <= 0:
		return errors.New("ttl must be positive")
	case i.Endpoint != "":
		if err := checkURL(i.Endpoint, insecure); err != nil {
			return fmt.Errorf("endpoint: %w", err)
		}
	}
	return nil
}

// Introspect asks the issuer of a verified token whether the token still counts.
// An answer counts for TTL. A token in use is asked for again in the background
// when half of that has passed, so only its first request waits, and one after a
// pause; for introspectPatience at most. The error is an *Error: Inactive where
// the issuer says so; RevocationUnknown where it cannot be asked, unless
// AllowOnError. What the issuer has called inactive an outage does not bring back.
func (v *Verifier) Introspect(ctx context.Context, id *Identity, token string) error {
	s := v.sources[id.IssuerURL]
	if s == nil {
		return refuse(RevocationUnknown, "the identity is of no configured issuer")
	}
	if s.introspector == nil {
		return nil
	}
	if err := s.introspector.judge(ctx, id.Digest, token); err != nil {
		return err
	}
	return nil
}

const (
	introspectPatience = 2 * time.Second // the most that a request waits for an answer
	introspectTimeout  = 5 * time.Second // for one question, waiting for its turn included
	introspectAtOnce   = 16              // questions under way
	introspectPending  = 1024            // questions under way or waiting
	// A failure counts for so long, so that an outage is not asked about by every
	// request.
	introspectFailed = time.Second
	introspectOutage = 3 // failures in a row that are an outage
	// introspectTokens bounds the memory, some 20 MiB.
	introspectTokens = 100_000
)

// judge answers for one token.
func (i *introspector) judge(ctx context.Context, digest [32]byte, token string) *Error {
	now := i.now()
	i.mu.RLock()
	e := i.tokens[digest]
	if e.counts(now, i.ttl/2) {
		defer i.mu.RUnlock()
		return e.verdict()
	}
	i.mu.RUnlock()

	i.mu.Lock()
	if e = i.tokens[digest]; e == nil {
		e = i.remember(digest, now)
	}
	if e.flight == nil && !e.failedAt(now) {
		i.ask(e, token)
	}
	if e.counts(now, i.ttl) || e.flight == nil || i.down(now) {
		defer i.mu.Unlock()
		return i.verdict(e, now)
	}
	flight := e.flight
	i.mu.Unlock()

	timer := time.NewTimer(introspectPatience)
	defer timer.Stop()
	select {
	case <-flight:
	case <-timer.C:
	case <-ctx.Done():
	}
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.verdict(e, i.now())
}

// liveness is what the issuer last said of a token.
type liveness struct {
	answered time.Time // zero before the first answer
	active   bool
	failed   time.Time     // when it could not be asked, since answered; zero otherwise
	flight   chan struct{} // closed when the question under way is answered; nil when none is
}

// counts reports whether there is an answer, younger than ttl.
func (e *liveness) counts(now time.Time, ttl time.Duration) bool {
	return e != nil && !e.answered.IsZero() && age(e.answered, now) < ttl
}

func (e *liveness) failedAt(now time.Time) bool {
	return !e.failed.IsZero() && age(e.failed, now) < introspectFailed
}

// verdict is what the answer says.
func (e *liveness) verdict() *Error {
	if e.active {
		return nil
	}
	err := refuse(Inactive, "the issuer's introspection calls the token inactive")
	err.Hint = "Authentik says so of tokens that were revoked or whose session ended, but also of all tokens " +
		"where introspection.client_id or its secret is wrong, and of those that ak_create_jwt_raw has made"
	return err
}

// verdict is what counts where the answer may be too old, or missing.
func (i *introspector) verdict(e *liveness, now time.Time) *Error {
	switch {
	case e.counts(now, i.ttl), !e.answered.IsZero() && !e.active:
		return e.verdict()
	case i.issuer.Introspection.AllowOnError:
		return nil
	}
	err := refuse(RevocationUnknown, "the issuer "+i.issuer.Name+" could not be asked whether the token still counts")
	err.Hint = "see introspection in /readyz of the admin listener for what it answers"
	return err
}
