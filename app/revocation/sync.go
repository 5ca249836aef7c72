package revocation

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/claimgate/claimgate/verifier"
	"github.com/redis/go-redis/v9"
)

const (
	syncEvery   = 30 * time.Second // heals what a flush or a failover took from the store
	beatEvery   = time.Second
	beatPatient = 2 * time.Second // a store that answers no ping for so long is down
	firstRetry  = 100 * time.Millisecond
	lastRetry   = time.Second
	chunk       = 512 // keys or entries in one exchange
)

// run keeps a session with the store until ctx ends.
func (s *Store) run(ctx context.Context) {
	for wait := firstRetry; ; {
		began := time.Now()
		err := s.guarded(ctx)
		if ctx.Err() != nil {
			return
		}
		s.down(err)
		if time.Since(began) > lastRetry {
			wait = firstRetry
		}
		timer := time.NewTimer(wait/2 + rand.N(wait)) //nolint:gosec // no secret: replicas should not come in step
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		wait = min(2*wait, lastRetry)
	}
}

// guarded is a session that no answer of the store can end the program with.
func (s *Store) guarded(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the store's answer was not understood: %v", p)
		}
	}()
	return s.session(ctx)
}

var errSilent = errors.New("the store answers no more pings")

// session subscribes, synchronizes, and then takes what is published. It returns
// why it ended.
func (s *Store) session(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	subscription := s.client.Subscribe(ctx)
	events, ended := make(chan any), make(chan struct{})
	begun := false
	defer func() {
		cancel()
		_ = subscription.Close()
		if begun {
			<-ended
		}
	}()
	if err := subscription.Subscribe(ctx, s.channel); err != nil {
		return fmt.Errorf("connect to the store: %w", err)
	}
	begun = true
	go s.receive(ctx, subscription, events, ended)

	beat, again := time.NewTicker(beatEvery), time.NewTicker(syncEvery-rand.N(syncEvery/4)) //nolint:gosec // no secret
	defer beat.Stop()
	defer again.Stop()
	b := heartbeat{sent: s.o.Now(), began: time.Now(), waiting: true} // for the confirmation
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
		if s.up.Load() { // otherwise the one that is due with the confirmation does it
			if err := s.sync(ctx); err != nil {
				return err
			}
			b.began = time.Now() // its answer has waited meanwhile
		}
	}
}

// receive hands on what comes in until the subscription is closed or fails.
func (s *Store) receive(ctx context.Context, from *redis.PubSub, events chan<- any, ended chan<- struct{}) {
	defer close(ended)
	for {
		event, err := received(ctx, from)
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

// received is one message. The library panics on some that no Redis sends.
func received(ctx context.Context, from *redis.PubSub) (event any, err error) {
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
		// From here on nothing that is published is missed; what was before is in
		// the keys. The library subscribes again by itself, too.
		if err := s.sync(ctx); err != nil {
			return err
		}
		b.waiting = false
		s.isUp()
	case *redis.Message:
		s.take(m.Payload)
	case *redis.Pong:
		if b.waiting && m.Payload == b.text() {
			b.waiting = false
			s.completeAt(b.sent)
		}
	}
	return nil
}

// heartbeat is the newest ping. Its answer comes on the subscription, after
// everything that was published before it.
type heartbeat struct {
	number  uint64
	sent    time.Time // by the clock of the copy's age
	began   time.Time // by the process's own
	waiting bool
}

func (b *heartbeat) text() string { return strconv.FormatUint(b.number, 10) }

func (s *Store) beat(ctx context.Context, subscription *redis.PubSub, b *heartbeat) error {
	if b.waiting {
		if time.Since(b.began) > beatPatient {
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

// sync takes every entry of the store that is not known here, and writes those
// that are known here and not there.
func (s *Store) sync(ctx context.Context) error {
	began := s.o.Now()
	taken, written, err := s.exchange(ctx)
	if err != nil {
		s.syncs.failed.Add(1)
		return fmt.Errorf("synchronize with the store: %w", err)
	}
	s.syncs.ok.Add(1)
	s.completeAt(began)
	if taken+written > 0 {
		s.o.Log.Info().Int("taken", taken).Int("written", written).Msg("revocations were synchronized with the store")
	}
	return nil
}

func (s *Store) exchange(ctx context.Context) (taken, written int, err error) {
	missing := make(map[string]verifier.Revocation)
	for _, r := range s.o.Revocations.All() {
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
				delete(missing, key) // a key that SCAN returns twice is only read again
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
	list := make([]verifier.Revocation, 0, chunk)
	for key, r := range missing {
		if s.atWork(key) {
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

// fetch reads entries by key. An entry under a key that is not its own is none.
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
		case value == nil: // expired meanwhile, or of another type
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

var errKey = errors.New("it lies under the key of another")
