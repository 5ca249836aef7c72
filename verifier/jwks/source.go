package jwks

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claimgate/claimgate/internal/forwardclock"
)

const (
	// After a failed background refresh, the first pause and the longest pauses. Without a
	// key set pauses are short, because every token is refused.
	firstRetry          = 250 * time.Millisecond
	maxRetryWithoutKeys = time.Second
	maxRetryWithKeys    = 30 * time.Second
)

// Source keeps the key set of one issuer. Its methods may be called concurrently.
type Source struct {
	config  *Config
	client  *Client
	fetch   func(context.Context) (*Set, error)
	ctx     context.Context //nolint:containedctx // a fetch outlives the request that asked for it
	set     atomic.Pointer[Set]
	waiting atomic.Int64 // requests that wait for a fetch

	fetches sync.WaitGroup // running fetches and snapshots
	saving  sync.Mutex     // held while a snapshot is written, so that an older set does not replace a newer one

	mu         sync.Mutex
	closed     bool          // no fetch starts any more
	inflight   chan struct{} // closed when the running fetch ends; nil if none runs
	nextDemand time.Time
	missing    map[string]missingKid // kids that a fetch did not find; bounded
	lastError  error                 // of the newest fetch
}

// New returns a source that fetches until ctx ends. It reads the snapshot file, if one is
// configured, but does not wait for the issuer: call Run to fetch in the background. New
// returns an error only if CAFile cannot be used.
func New(ctx context.Context, c Config) (*Source, error) {
	c.setDefaults()
	client, err := newClient(&c)
	if err != nil {
		return nil, err
	}
	s := &Source{config: &c, client: client, fetch: client.keySet, ctx: ctx, missing: make(map[string]missingKid)}
	if c.Fetch != nil {
		s.fetch = func(ctx context.Context) (*Set, error) {
			data, err := c.Fetch(ctx)
			if err != nil {
				return nil, err
			}
			return parseSet(data)
		}
	}
	if c.SnapshotFile != "" {
		s.loadSnapshot()
	}
	return s, nil
}

// Client returns the issuer's HTTP client.
func (s *Source) Client() *Client { return s.client }

// At returns the key set to use at the time now. It returns nil if there is no key set or
// the newest one is older than MaxStale.
func (s *Source) At(now time.Time) *Set {
	set := s.set.Load()
	if set == nil || forwardclock.Age(set.fetched, now) > s.config.MaxStale {
		return nil
	}
	return set
}

// Newest returns the newest good key set, however old it is, or nil.
func (s *Source) Newest() *Set { return s.set.Load() }

// Find returns the key set and its keys with that kid. If there is no such key, Find calls
// Demand and looks again. A nil Set means that there is no usable key set.
func (s *Source) Find(ctx context.Context, kid string) (*Set, []*Key) {
	set := s.At(s.config.Now())
	if set != nil && len(set.byKid[kid]) > 0 {
		return set, set.byKid[kid]
	}
	s.Demand(ctx, kid)
	if set = s.At(s.config.Now()); set == nil {
		return nil, nil
	}
	return set, set.byKid[kid]
}

// Close prevents further fetches and waits for the running fetch. The fetch ends when the
// context of New ends, so the caller should end the context first.
func (s *Source) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.fetches.Wait()
}

// startFetch begins a fetch because of kid; "" means a background refresh. s.mu must be held
// and no fetch may run. startFetch returns a channel that is closed when the fetch ends, or nil
// if the source is closed.
func (s *Source) startFetch(kid string) <-chan struct{} {
	if s.closed {
		return nil
	}
	done := make(chan struct{})
	s.inflight = done
	s.fetches.Go(func() {
		set, err := s.fetch(s.ctx)
		if s.ctx.Err() == nil { // after the end of ctx, an error says nothing about the issuer
			s.config.Notify(s.accept(set, err, kid))
		}
		s.mu.Lock()
		s.inflight = nil
		s.mu.Unlock()
		close(done)
		if err == nil {
			s.saveSnapshot(set)
		}
	})
	return done
}

// accept records the result of a fetch. Only a good set replaces the set in use. accept
// returns the notice, so that the caller sends it without the lock.
func (s *Source) accept(set *Set, err error, kid string) Notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	recovered := s.lastError != nil && err == nil
	s.lastError = err
	if err != nil {
		return Notice{Issuer: s.config.Name, Kind: RefreshFailed, Err: err}
	}
	set.fetched = s.config.Now()
	before := s.set.Swap(set)
	switch {
	case kid == "": // a background refresh clears the waiting times
		clear(s.missing)
	case len(set.byKid[kid]) == 0:
		s.noteMissing(kid)
	}
	kind := Refreshed
	if before == nil || recovered || string(before.raw) != string(set.raw) {
		kind = KeysChanged
	}
	return Notice{Issuer: s.config.Name, Kind: kind, Keys: set.Size(), Skipped: set.skipped}
}

// Run refreshes the key set until the context of New ends. It blocks until then, so the
// caller starts it once in a goroutine.
func (s *Source) Run() {
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
			// Up to a tenth earlier, so that replicas do not fetch in step.
			delay = s.config.Refresh - rand.N(s.config.Refresh/10+1) //nolint:gosec // no secret
			continue
		}
		delay = min(firstRetry<<min(failures, 20), s.maxRetryDelay(), s.config.Refresh)
		failures++
	}
}

// maxRetryDelay returns the longest pause between two attempts. The pause gets shorter as
// the set approaches MaxStale, so that the end of an outage is noticed in time.
func (s *Source) maxRetryDelay() time.Duration {
	set := s.set.Load()
	if set == nil {
		return maxRetryWithoutKeys
	}
	return max(maxRetryWithoutKeys, min(maxRetryWithKeys, s.config.MaxStale-forwardclock.Age(set.fetched, s.config.Now())))
}

// refresh fetches now, or joins the running fetch, and returns its error.
func (s *Source) refresh() error {
	s.mu.Lock()
	done := (<-chan struct{})(s.inflight)
	if done == nil {
		done = s.startFetch("")
	}
	s.mu.Unlock()
	select {
	case <-done: // nil if the source is closed, but then its context has ended
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastError
}
