package revocation

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claimgate/claimgate/verifier"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
)

// Options configure a Store.
type Options struct {
	// URL is redis://[user@]host[:port][/database], or rediss:// for TLS.
	URL string
	// Password is asked for at every connection; nil or "" for none.
	Password func() string
	// CAFile holds PEM certificates that may sign the store's certificate,
	// instead of the system's; "" means the system's.
	CAFile string
	// Revocations are those of this process.
	Revocations *verifier.Revocations
	// Issuers are the URLs of the configured issuers by name. Entries of others
	// belong to somebody else and are left alone.
	Issuers map[string]string
	// MaxStale is how old the local copy may get before Stale says so; 0 is for
	// ever.
	MaxStale time.Duration
	// Log is told of outages and of what is ignored.
	Log zerolog.Logger
	// Now is the clock that the age of the copy is judged by; default time.Now.
	Now func() time.Time
}

// Store shares revocations. Its methods may be called concurrently.
type Store struct {
	o        Options
	client   *redis.Client
	channel  string
	names    map[string]string // of issuers, by URL
	shown    string            // the URL
	resync   chan struct{}     // asks for a synchronization soon
	synced   chan struct{}     // closed after the first synchronization
	once     sync.Once
	cancel   context.CancelFunc
	running  sync.WaitGroup
	up       atomic.Bool
	complete atomic.Pointer[time.Time] // when the local copy was last known to hold everything
	pushed   atomic.Uint64
	ignored  atomic.Uint64
	syncs    struct{ ok, failed atomic.Uint64 }

	mu        sync.Mutex
	lastError error // nil while up
	warned    time.Time
	ending    map[string]int // logouts that End is at work on, by key
}

// pushTimeout is the most that a logout waits for the store.
const pushTimeout = 500 * time.Millisecond

// New makes a Store. It does not connect before Start.
func New(o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	client, database, err := newClient(&o)
	if err != nil {
		return nil, err
	}
	s := &Store{
		o: o, client: client, channel: "claimgate:revocations:" + strconv.Itoa(database), shown: client.Options().Addr,
		names: make(map[string]string), resync: make(chan struct{}, 1), synced: make(chan struct{}), cancel: func() {},
		ending: make(map[string]int),
	}
	for name, url := range o.Issuers {
		s.names[url] = name
	}
	// Until the first synchronization the copy is as old as this process.
	started := o.Now()
	s.complete.Store(&started)
	return s, nil
}

// Start connects in the background, and again whenever the connection is lost.
func (s *Store) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.running.Go(func() { s.run(ctx) })
}

// WaitSynced waits until the local copy held everything once, at most until ctx
// ends. It reports whether it did.
func (s *Store) WaitSynced(ctx context.Context) bool {
	select {
	case <-s.synced:
		return true
	case <-ctx.Done():
		return false
	}
}

// Close ends the work in the background.
func (s *Store) Close() error {
	s.cancel()
	s.running.Wait()
	return s.client.Close()
}

// End revokes what a verified logout token names, here at once, and tells the
// other replicas. It reports false where the jti has counted before, on any
// replica as far as the store can be asked.
func (s *Store) End(ctx context.Context, l *verifier.Logout) bool {
	// A synchronization meanwhile leaves this entry to us: we could not tell what
	// it has written from what another replica has.
	key := keyOf(s.o.Issuers[l.Issuer], l.ID)
	s.work(key, 1)
	counts, shared := s.end(ctx, l)
	s.work(key, -1)
	if !shared {
		select {
		case s.resync <- struct{}{}:
		default: // one is due already, and it begins after this
		}
	}
	return counts
}

func (s *Store) work(key string, more int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending[key] += more; s.ending[key] == 0 {
		delete(s.ending, key)
	}
}

func (s *Store) atWork(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ending[key] > 0
}

// end reports whether the logout counts, and whether the store knows it, too.
func (s *Store) end(ctx context.Context, l *verifier.Logout) (counts, shared bool) {
	if !s.o.Revocations.End(l) {
		return false, true
	}
	if !s.up.Load() {
		return true, false // it may be too late for the synchronization under way
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pushTimeout)
	defer cancel()
	until := s.o.Now().Add(s.o.Revocations.Retention())
	if l.Expires.After(until) {
		until = l.Expires
	}
	r := verifier.Revocation{Issuer: l.Issuer, Session: l.Session, ID: l.ID, Before: l.IssuedAt, Until: until}
	if l.Session == "" {
		r.Subject = l.Subject
	}
	added, err := s.push(ctx, []verifier.Revocation{r})
	if err != nil {
		s.o.Log.Warn().Err(err).Msg("a logout counts here and could not be shared yet; it will be when the store answers")
		return true, false
	}
	return added == 1, true
}

// push writes entries that the store does not have, tells the other replicas of
// all, and returns how many were new.
func (s *Store) push(ctx context.Context, list []verifier.Revocation) (added int, err error) {
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

// take merges one entry that somebody wrote, and reports whether it is new here.
func (s *Store) take(text string) bool {
	e, err := decode(text)
	if err != nil {
		s.ignore(err)
		return false
	}
	name, ours := s.names[e.Issuer]
	return ours && s.o.Revocations.Merge(e.revocation(name))
}

// ignoredEvery is how often ignored entries are logged at most.
const ignoredEvery = time.Minute

func (s *Store) ignore(why error) {
	total := s.ignored.Add(1)
	now := s.o.Now()
	s.mu.Lock()
	quiet := !s.warned.IsZero() && age(s.warned, now) < ignoredEvery
	if !quiet {
		s.warned = now
	}
	s.mu.Unlock()
	if !quiet {
		s.o.Log.Warn().Err(why).Uint64("ignored", total).
			Msg("an entry of the revocation store is ignored: somebody else writes to it, or it is damaged")
	}
}
