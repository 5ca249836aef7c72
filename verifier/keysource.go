package verifier

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// demandWait is the most a request waits for a fetch it asked for.
	demandWait = 3 * time.Second
	// demandWaiters bounds how many do: beyond it a request is refused at once.
	demandWaiters = 1024
	// Retries of the background refresh: quick while there is no usable key at
	// all, since every request is refused meanwhile.
	firstRetry     = 250 * time.Millisecond
	retryWithout   = time.Second
	retryWith      = 30 * time.Second
	snapshotAhead  = 10 * time.Minute // a snapshot from further in the future is not believed
	missingKidsMax = 1024
)

// keySource keeps the key set of one issuer. Looking a key up never waits for
// the network unless it is missing, and then only for the one fetch that the
// cooldown allows everyone together.
type keySource struct {
	issuer  *Issuer
	fetch   func(context.Context) (*keySet, error)
	notify  func(Notice)
	now     func() time.Time
	ctx     context.Context //nolint:containedctx // the source's own life: a fetch outlives the request that asked for it
	set     atomic.Pointer[keySet]
	waiting atomic.Int64 // requests that wait for a fetch

	introspector *introspector // nil where nobody is asked

	fetches sync.WaitGroup // fetches and the snapshots they write
	snapMu  sync.Mutex     // held while the snapshot is written, so that an older one never wins

	mu         sync.Mutex
	closed     bool          // no fetch starts any more
	inflight   chan struct{} // closed when the running fetch ends; nil when none runs
	nextDemand time.Time
	missing    map[string]missingKid // bounded: kids that a fetch did not find
	lastError  error                 // of the newest fetch
}

type missingKid struct {
	until time.Time
	wait  time.Duration
}

// current returns the key set while it may be used.
func (s *keySource) current() *keySet { return s.currentAt(s.now()) }

func (s *keySource) currentAt(now time.Time) *keySet {
	set := s.set.Load()
	if set == nil || age(set.fetched, now) > s.issuer.MaxStale {
		return nil
	}
	return set
}

// age is the time since then by whichever clock shows more: the monotonic one
// is not fooled by a wall clock that is set back, the wall clock goes on while a
// virtual machine is suspended.
func age(then, now time.Time) time.Duration {
	return max(now.Sub(then), now.Round(0).Sub(then.Round(0)))
}

// find returns the keys of a kid, asking the issuer once where the kid is
// unknown. A nil set means that no usable key set can be had.
func (s *keySource) find(ctx context.Context, kid string) (*keySet, []*key) {
	set := s.current()
	if set != nil && len(set.byKid[kid]) > 0 {
		return set, set.byKid[kid]
	}
	s.demand(ctx, kid)
	if set = s.current(); set == nil {
		return nil, nil
	}
	return set, set.byKid[kid]
}

// demand waits for a fetch on behalf of kid, if one is allowed. A kid that a
// fetch did not bring may ask again only after a while, doubling each time until
// the next background refresh, so that one stray client does not spend the
// cooldown that a newly rotated key needs. A second kid is not held up by it.
func (s *keySource) demand(ctx context.Context, kid string) {
	done := s.startDemand(kid)
	defer s.waiting.Add(-1)
	if s.waiting.Add(1) > demandWaiters || done == nil {
		return
	}
	timer := time.NewTimer(demandWait)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (s *keySource) startDemand(kid string) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inflight != nil {
		return s.inflight
	}
	now := s.now()
	if now.Before(s.nextDemand) || now.Before(s.missing[kid].until) {
		return nil
	}
	s.nextDemand = now.Add(s.issuer.RefetchCooldown)
	return s.start(kid)
}

// close lets no further fetch start and waits for the one that runs.
func (s *keySource) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.fetches.Wait()
}

// noteMissing doubles the time before kid may ask again.
func (s *keySource) noteMissing(kid string) {
	wait := min(max(2*s.missing[kid].wait, s.issuer.RefetchCooldown), s.issuer.Refresh)
	if len(s.missing) >= missingKidsMax {
		clear(s.missing)
	}
	s.missing[kid] = missingKid{until: s.now().Add(wait), wait: wait}
}

// start begins a fetch, on behalf of kid or of nobody; s.mu is held and none
// runs. It returns nil when the source is closed.
func (s *keySource) start(kid string) <-chan struct{} {
	if s.closed {
		return nil
	}
	done := make(chan struct{})
	s.inflight = done
	s.fetches.Go(func() {
		set, err := s.fetch(s.ctx)
		if s.ctx.Err() == nil { // else the fetch says nothing about the issuer
			s.notify(s.accept(set, err, kid))
		}
		s.mu.Lock()
		s.inflight = nil
		s.mu.Unlock()
		close(done)
		if err == nil {
			s.snapshot(set)
		}
	})
	return done
}

// snapshot writes set to disk unless a newer one took its place. Nobody waits
// for the disk.
func (s *keySource) snapshot(set *keySet) {
	if s.issuer.SnapshotFile == "" {
		return
	}
	s.snapMu.Lock()
	defer s.snapMu.Unlock()
	if s.set.Load() != set {
		return
	}
	if err := writeSnapshot(s.issuer, set); err != nil {
		s.notify(Notice{Issuer: s.issuer.Name, Kind: SnapshotFailed, Err: err})
	}
}

// accept takes a fetch's result and returns what to tell of it, not under the
// lock. Only a good set replaces the one in use.
func (s *keySource) accept(set *keySet, err error, kid string) Notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	recovered := s.lastError != nil && err == nil
	s.lastError = err
	if err != nil {
		return Notice{Issuer: s.issuer.Name, Kind: RefreshFailed, Err: err}
	}
	set.fetched = s.now()
	before := s.set.Swap(set)
	switch {
	case kid == "": // what was missing once is no reason for more than one refresh
		clear(s.missing)
	case len(set.byKid[kid]) == 0:
		s.noteMissing(kid)
	}
	kind := Refreshed
	if before == nil || recovered || string(before.raw) != string(set.raw) {
		kind = KeysChanged
	}
	return Notice{Issuer: s.issuer.Name, Kind: kind, Keys: set.size(), Skipped: set.skipped}
}

// run refreshes the set in the background until ctx ends.
func (s *keySource) run() {
	delay := time.Duration(0)
	failures := 0
	for {
		timer := time.NewTimer(delay)
		select {
		case <-s.ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		if s.refresh() == nil {
			failures = 0
			// Up to a tenth earlier, so that replicas do not ask in step.
			delay = s.issuer.Refresh - rand.N(s.issuer.Refresh/10+1) //nolint:gosec // no secret
			continue
		}
		delay = min(firstRetry<<min(failures, 20), s.retryAtMost(), s.issuer.Refresh)
		failures++
	}
}

// retryAtMost is the longest pause between two attempts. It ends when the set
// grows too old, so that an issuer that is back then is noticed at once.
func (s *keySource) retryAtMost() time.Duration {
	set := s.set.Load()
	if set == nil {
		return retryWithout
	}
	return max(retryWithout, min(retryWith, s.issuer.MaxStale-age(set.fetched, s.now())))
}

// refresh fetches now, or joins the fetch that runs, and returns its error.
func (s *keySource) refresh() error {
	s.mu.Lock()
	done := (<-chan struct{})(s.inflight)
	if done == nil {
		done = s.start("")
	}
	s.mu.Unlock()
	select {
	case <-done: // never where the source is closed: its context has ended before
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastError
}
