package shared

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/claimgate/claimgate/verifier/revocation"
	"github.com/redis/go-redis/v9"
)

const (
	syncEvery   = 30 * time.Second // restores what a flush or a failover removed from the store
	beatEvery   = time.Second
	beatTimeout = 2 * time.Second // a store that answers no ping within that time is down
	firstRetry  = 100 * time.Millisecond
	lastRetry   = time.Second
	chunk       = 512 // keys or entries per command
)

// run keeps a session with the store until ctx ends.
func (s *Store) run(ctx context.Context) {
	for wait := firstRetry; ; {
		began := time.Now()
		err := s.safeSession(ctx)
		if ctx.Err() != nil {
			return
		}
		s.setDown(err)
		if time.Since(began) > lastRetry {
			wait = firstRetry
		}
		timer := time.NewTimer(wait/2 + rand.N(wait)) //nolint:gosec // no secret: replicas should not connect in step
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		wait = min(2*wait, lastRetry)
	}
}

// safeSession runs a session. If an answer of the store makes the library panic, the session
// ends with an error, and the program goes on.
func (s *Store) safeSession(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the store's answer was not understood: %v", p)
		}
	}()
	return s.session(ctx)
}

var errSilent = errors.New("the store does not answer pings")

// session subscribes, synchronizes, and then takes published entries until an error.
func (s *Store) session(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	subscription := s.client.Subscribe(ctx)
	events, ended := make(chan any), make(chan struct{})
	started := false
	defer func() {
		cancel()
		_ = subscription.Close()
		if started {
			<-ended
		}
	}()
	if err := subscription.Subscribe(ctx, s.channel); err != nil {
		return fmt.Errorf("connect to the store: %w", err)
	}
	started = true
	go s.receive(ctx, subscription, events, ended)

	beat, again := time.NewTicker(beatEvery), time.NewTicker(syncEvery-rand.N(syncEvery/4)) //nolint:gosec // no secret
	defer beat.Stop()
	defer again.Stop()
	b := heartbeat{sent: s.o.Now(), began: time.Now(), waiting: true} // the subscription is confirmed like a ping
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case event := <-events:
			if err := s.handle(ctx, event, &b); err != nil {
				return err
			}
			continue
		case <-s.resync:
		case <-again.C:
		case <-beat.C:
			if err := s.beat(ctx, subscription, &b); err != nil {
				return err
			}
			continue
		}
		if s.up.Load() { // otherwise the confirmation of the subscription synchronizes
			if err := s.sync(ctx); err != nil {
				return err
			}
			b.began = time.Now() // the answer to a ping could not be read during the synchronization
		}
	}
}

// receive sends messages to events until the subscription fails or ctx ends.
func (s *Store) receive(ctx context.Context, from *redis.PubSub, events chan<- any, ended chan<- struct{}) {
	defer close(ended)
	for {
		event, err := receiveOne(ctx, from)
		if err != nil {
			event = err
		}
		select {
		case events <- event:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// receiveOne returns the next message. The library panics on some messages that no Redis sends.
func receiveOne(ctx context.Context, from *redis.PubSub) (event any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the store's message was not understood: %v", p)
		}
	}()
	return from.Receive(ctx)
}

func (s *Store) handle(ctx context.Context, event any, b *heartbeat) error {
	switch m := event.(type) {
	case error:
		return fmt.Errorf("listen to the store: %w", m)
	case *redis.Subscription:
		// From now on this replica receives every published entry. Earlier entries are in the
		// keys. The event comes again if the library subscribes again by itself.
		if err := s.sync(ctx); err != nil {
			return err
		}
		b.waiting = false
		s.setUp()
	case *redis.Message:
		s.take(m.Payload)
	case *redis.Pong:
		if b.waiting && m.Payload == b.text() {
			b.waiting = false
			s.setComplete(b.sent)
		}
	}
	return nil
}

// heartbeat is the newest ping. Its answer arrives on the subscription, after
// everything that was published before the ping.
type heartbeat struct {
	number  uint64
	sent    time.Time // by Options.Now
	began   time.Time // by the real clock
	waiting bool
}

func (b *heartbeat) text() string { return strconv.FormatUint(b.number, 10) }

func (s *Store) beat(ctx context.Context, subscription *redis.PubSub, b *heartbeat) error {
	if b.waiting {
		if time.Since(b.began) > beatTimeout {
			return errSilent
		}
		return nil
	}
	*b = heartbeat{number: b.number + 1, sent: s.o.Now(), began: time.Now(), waiting: true}
	if err := subscription.Ping(ctx, b.text()); err != nil {
		return fmt.Errorf("ping the store: %w", err)
	}
	return nil
}

// sync takes every entry that only the store has and writes every entry that only this
// process has.
func (s *Store) sync(ctx context.Context) error {
	began := s.o.Now()
	taken, written, err := s.exchange(ctx)
	if err != nil {
		s.syncs.failed.Add(1)
		return fmt.Errorf("synchronize with the store: %w", err)
	}
	s.syncs.ok.Add(1)
	s.setComplete(began)
	if taken+written > 0 {
		s.o.Log.Info().Int("taken", taken).Int("written", written).Msg("revocations were synchronized with the store")
	}
	return nil
}

func (s *Store) exchange(ctx context.Context) (taken, written int, err error) {
	missing := make(map[string]revocation.Entry)
	for _, r := range s.o.List.All() {
		if issuer := s.o.Issuers[r.Issuer]; issuer != "" {
			missing[keyOf(issuer, r.ID)] = r
		}
	}
	var cursor uint64
	for {
		keys, next, err := s.client.Scan(ctx, cursor, keyPrefix+"*", chunk).Result()
		if err != nil {
			return taken, 0, err
		}
		unknown := keys[:0]
		for _, key := range keys {
			if _, known := missing[key]; known {
				delete(missing, key) // if SCAN returns a key twice, the entry is read again
			} else {
				unknown = append(unknown, key)
			}
		}
		n, err := s.fetch(ctx, unknown)
		taken += n
		if err != nil {
			return taken, 0, err
		}
		if cursor = next; cursor == 0 {
			break
		}
	}
	list := make([]revocation.Entry, 0, chunk)
	for key, r := range missing {
		if s.isPending(key) {
			continue
		}
		if list = append(list, r); len(list) == chunk {
			if _, err := s.push(ctx, list); err != nil {
				return taken, written, err
			}
			written, list = written+len(list), list[:0]
		}
	}
	if len(list) > 0 {
		if _, err := s.push(ctx, list); err != nil {
			return taken, written, err
		}
	}
	return taken, written + len(list), nil
}

// fetch reads entries by key. An entry under another entry's key is ignored.
func (s *Store) fetch(ctx context.Context, keys []string) (taken int, err error) {
	if len(keys) == 0 {
		return 0, nil
	}
	values, err := s.client.MGet(ctx, keys...).Result()
	if err != nil {
		return 0, err
	}
	for n, value := range values {
		text, ok := value.(string)
		switch {
		case value == nil: // the key has expired meanwhile, or does not hold a string
			continue
		case !ok || n >= len(keys):
			s.ignore(errNoEntry)
			continue
		}
		if e, err := decode(text); err == nil && keyOf(e.Issuer, e.ID) != keys[n] {
			s.ignore(errKey)
			continue
		}
		if s.take(text) {
			taken++
		}
	}
	return taken, nil
}

var errKey = errors.New("it has the key of another entry")
