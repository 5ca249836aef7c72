package jwks

import (
	"context"
	"time"
)

const (
	maxDemandWait    = 3 * time.Second // the longest wait of a request for a fetch
	maxDemandWaiters = 1024            // further requests do not wait
	maxMissingKids   = 1024
)

// missingKid is a kid that a fetch did not find.
type missingKid struct {
	until time.Time // until then the kid does not start a fetch
	wait  time.Duration
}

// Demand starts a fetch because of kid, if a fetch is allowed now, or joins the running
// fetch. It waits until the fetch or ctx ends, at most three seconds.
//
// If the fetch does not find the kid, the kid must wait before it may start another
// fetch. The wait doubles each time, up to Refresh. The next background refresh clears
// the waits. So a client with a stray kid does not use up the cooldown that a newly
// rotated key needs.
func (s *Source) Demand(ctx context.Context, kid string) {
	done := s.startDemand(kid)
	defer s.waiting.Add(-1)
	if s.waiting.Add(1) > maxDemandWaiters || done == nil {
		return
	}
	timer := time.NewTimer(maxDemandWait)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// startDemand returns a channel that is closed when the fetch ends, or nil if no fetch is
// allowed now.
func (s *Source) startDemand(kid string) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inflight != nil {
		return s.inflight
	}
	now := s.config.Now()
	if now.Before(s.nextDemand) || now.Before(s.missing[kid].until) {
		return nil
	}
	s.nextDemand = now.Add(s.config.RefetchCooldown)
	return s.startFetch(kid)
}

// noteMissing doubles the time before kid may demand a fetch. s.mu is held.
func (s *Source) noteMissing(kid string) {
	wait := min(max(2*s.missing[kid].wait, s.config.RefetchCooldown), s.config.Refresh)
	if len(s.missing) >= maxMissingKids {
		clear(s.missing)
	}
	s.missing[kid] = missingKid{until: s.config.Now().Add(wait), wait: wait}
}
