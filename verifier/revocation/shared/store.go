package shared

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claimgate/claimgate/internal/forwardclock"
	"github.com/claimgate/claimgate/verifier/revocation"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
)

// Options configure a Store.
type Options struct {
	// URL is redis://[user@]host[:port][/database], or rediss:// for TLS.
	URL string
	// Password is called for every connection; nil or "" means no password.
	Password func() string
	// CAFile holds PEM certificates that may sign the store's certificate; "" means the
	// system's roots.
	CAFile string
	// List holds the revocations of this process.
	List *revocation.List
	// Issuers maps the names of the configured issuers to their URLs. Entries of other
	// issuers are ignored.
	Issuers map[string]string
	// MaxStale is the largest age of the local copy. Stale reports a larger age; 0 means
	// that Stale is always false.
	MaxStale time.Duration
	// Log receives outages and ignored entries.
	Log zerolog.Logger
	// Now is the clock for the age of the copy; default time.Now.
	Now func() time.Time
}

// Store shares revocations. Its methods may be called concurrently.
type Store struct {
	o        Options
	client   *redis.Client
	channel  string
	names    map[string]string // of issuers, by URL
	address  string            // host and port of the store
	resync   chan struct{}     // asks for a synchronization soon
	synced   chan struct{}     // closed after the first synchronization
	once     sync.Once
	cancel   context.CancelFunc
	running  sync.WaitGroup
	up       atomic.Bool
	complete atomic.Pointer[time.Time] // when the local copy last held every entry
	pushed   atomic.Uint64
	ignored  atomic.Uint64
	syncs    struct{ ok, failed atomic.Uint64 }

	mu          sync.Mutex
	lastError   error // nil while up
	lastWarning time.Time
	pending     map[string]int // running calls of End, by key
}

// pushTimeout is the longest time that a logout waits for the store.
const pushTimeout = 500 * time.Millisecond

// New returns a Store that is not connected. The error names the setting to change.
func New(o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	client, database, err := newClient(&o)
	if err != nil {
		return nil, err
	}
	s := &Store{
		o: o, client: client, channel: "claimgate:revocations:" + strconv.Itoa(database), address: client.Options().Addr,
		names: make(map[string]string), resync: make(chan struct{}, 1), synced: make(chan struct{}), cancel: func() {},
		pending: make(map[string]int),
	}
	for name, url := range o.Issuers {
		s.names[url] = name
	}
	started := o.Now()
	s.complete.Store(&started)
	return s, nil
}

// Start connects in the background, and again if the connection is lost. It must be called
// at most once, and not concurrently with Close.
func (s *Store) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.running.Go(func() { s.run(ctx) })
}

// WaitSynced waits for the first synchronization. It returns false if ctx ends first.
func (s *Store) WaitSynced(ctx context.Context) bool {
	select {
	case <-s.synced:
		return true
	case <-ctx.Done():
		return false
	}
}

// Close ends the background work and closes the connections.
func (s *Store) Close() error {
	s.cancel()
	s.running.Wait()
	return s.client.Close()
}

// End revokes what a verified logout token names. The revocation counts in this process at
// once and is then shared. End returns false if the jti has counted before in this process
// or, if the store can be asked, on any replica. End waits at most half a second for the
// store, also if ctx ends.
func (s *Store) End(ctx context.Context, l *revocation.Logout) bool {
	// A synchronization that runs meanwhile must skip this entry. Otherwise the entry that
	// the synchronization writes would look like an entry of another replica.
	key := keyOf(s.o.Issuers[l.Issuer], l.ID)
	s.addPending(key, 1)
	counts, shared := s.end(ctx, l)
	s.addPending(key, -1)
	if !shared {
		select {
		case s.resync <- struct{}{}:
		default: // a synchronization is due already
		}
	}
	return counts
}

func (s *Store) addPending(key string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending[key] += n; s.pending[key] == 0 {
		delete(s.pending, key)
	}
}

func (s *Store) isPending(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending[key] > 0
}

// end reports whether the logout counts, and whether the store has it. A jti counts at the
// replica whose push adds the entry.
func (s *Store) end(ctx context.Context, l *revocation.Logout) (counts, shared bool) {
	if !s.o.List.End(l) {
		return false, true
	}
	if !s.up.Load() {
		return true, false // a running synchronization may miss this logout
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pushTimeout)
	defer cancel()
	until := s.o.Now().Add(s.o.List.Retention())
	if l.Expires.After(until) {
		until = l.Expires
	}
	r := revocation.Entry{Issuer: l.Issuer, Session: l.Session, ID: l.ID, Before: l.IssuedAt, Until: until}
	if l.Session == "" {
		r.Subject = l.Subject
	}
	added, err := s.push(ctx, []revocation.Entry{r})
	if err != nil {
		s.o.Log.Warn().Err(err).Msg("a logout counts here but is not shared yet: it is shared when the store answers")
		return true, false
	}
	return added == 1, true
}

// push writes the entries that the store does not have, publishes all of them, and
// returns how many were new.
func (s *Store) push(ctx context.Context, list []revocation.Entry) (added int, err error) {
	pipe := s.client.Pipeline()
	sets := make([]*redis.BoolCmd, 0, len(list))
	now := s.o.Now()
	for _, r := range list {
		issuer, left := s.o.Issuers[r.Issuer], r.Until.Sub(now)
		if issuer == "" || left <= 0 {
			continue
		}
		text := encode(r, issuer)
		sets = append(sets, pipe.SetNX(ctx, keyOf(issuer, r.ID), text, max(left, time.Second)))
		pipe.Publish(ctx, s.channel, text)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return 0, fmt.Errorf("write to the store: %w", err)
	}
	for _, set := range sets {
		if set.Val() {
			added++
		}
	}
	s.pushed.Add(uint64(added))
	return added, nil
}

// take merges one entry of the store and reports whether the entry is new in this process.
func (s *Store) take(text string) bool {
	e, err := decode(text)
	if err != nil {
		s.ignore(err)
		return false
	}
	name, configured := s.names[e.Issuer]
	return configured && s.o.List.Merge(e.shared(name))
}

// ignoredEvery is the least time between two log lines about ignored entries.
const ignoredEvery = time.Minute

func (s *Store) ignore(why error) {
	total := s.ignored.Add(1)
	now := s.o.Now()
	s.mu.Lock()
	quiet := !s.lastWarning.IsZero() && forwardclock.Age(s.lastWarning, now) < ignoredEvery
	if !quiet {
		s.lastWarning = now
	}
	s.mu.Unlock()
	if !quiet {
		s.o.Log.Warn().Err(why).Uint64("ignored", total).
			Msg("an entry of the revocation store is ignored: the entry is damaged, or another program writes to the store")
	}
}
