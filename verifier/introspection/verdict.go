package introspection

import (
	"context"
	"time"

	"github.com/claimgate/claimgate/internal/forwardclock"
)

// Verdict says whether a token counts at the issuer.
type Verdict uint8

// The verdicts. The zero value does not let a token count.
const (
	Unknown  Verdict = iota // the issuer could not be asked
	Inactive                // the issuer calls the token inactive
	Active                  // the issuer calls the token active, or could not be asked and AllowOnError is set
)

// Judge returns the verdict on a token. digest is the SHA-256 of the token. Judge waits
// only if there is no answer younger than TTL, at most two seconds and no longer than ctx.
// During an outage it does not wait.
func (i *Introspector) Judge(ctx context.Context, digest [32]byte, token string) Verdict {
	now := i.now()
	i.mu.RLock()
	a := i.answers[digest]
	if a.fresh(now, i.config.TTL/2) {
		defer i.mu.RUnlock()
		return a.said()
	}
	i.mu.RUnlock()

	i.mu.Lock()
	if a = i.answers[digest]; a == nil {
		a = i.add(digest, now)
	}
	if a.flight == nil && !a.failedLately(now) {
		i.ask(a, token)
	}
	if a.fresh(now, i.config.TTL) || a.flight == nil || i.down(now) {
		defer i.mu.Unlock()
		return i.verdict(a, now)
	}
	flight := a.flight
	i.mu.Unlock()

	timer := time.NewTimer(maxWait)
	defer timer.Stop()
	select {
	case <-flight:
	case <-timer.C:
	case <-ctx.Done():
	}
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.verdict(a, i.now())
}

// answer is the issuer's last answer about one token.
type answer struct {
	received time.Time // zero before the first answer
	active   bool
	failed   time.Time     // when the newest question failed; zero if it was answered
	flight   chan struct{} // closed when the running question ends; nil if none runs
}

// fresh reports whether the issuer answered less than ttl ago.
func (a *answer) fresh(now time.Time, ttl time.Duration) bool {
	return a != nil && !a.received.IsZero() && forwardclock.Age(a.received, now) < ttl
}

func (a *answer) failedLately(now time.Time) bool {
	return !a.failed.IsZero() && forwardclock.Age(a.failed, now) < failureTTL
}

// said returns what the issuer answered, however long ago.
func (a *answer) said() Verdict {
	if a.active {
		return Active
	}
	return Inactive
}

// verdict returns the verdict of an answer that may be too old or missing.
func (i *Introspector) verdict(a *answer, now time.Time) Verdict {
	switch {
	case a.fresh(now, i.config.TTL), !a.received.IsZero() && !a.active:
		return a.said()
	case i.config.AllowOnError:
		return Active
	}
	return Unknown
}
