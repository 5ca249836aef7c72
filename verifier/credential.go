package verifier

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claimgate/claimgate/verifier/internal/pool"
)

// checkPool bounds the signature checks of all credentials. An RSA-4096 check takes
// about 0.3 ms of a core: without a bound, a flood of forged tokens takes every core
// from requests whose token is cached. As long as no check fails, every core may check.
// For failureMemory after a failure, only half of the cores may.
type checkPool struct {
	*pool.Pool
	limit *failureLimit // nil if failures do not narrow the pool
}

// failureLimit narrows a pool while checks fail.
type failureLimit struct {
	narrow *pool.Pool
	start  time.Time    // last counts from here
	last   atomic.Int64 // the newest failure: nanoseconds after start, 0 for none
}

// newCheckPool returns a pool that runs wide checks at once, and only narrow checks at once for
// failureMemory after a failure. At most waiters checks wait.
func newCheckPool(wide, narrow, waiters int) checkPool {
	return checkPool{pool.New(wide, waiters, maxGoodWait), &failureLimit{narrow: pool.New(narrow, waiters, maxCheckWait), start: time.Now()}}
}

func (w *failureLimit) failed() { w.last.Store(max(1, int64(time.Since(w.start)))) }

func (w *failureLimit) failedLately() bool {
	last := w.last.Load()
	return last != 0 && time.Since(w.start)-time.Duration(last) < failureMemory
}

// errPoolFull is the error if the pool is full. It never changes.
var errPoolFull = &Error{Reason: Overloaded, Detail: "too many signatures wait to be checked"}

// check implements checker.
func (p checkPool) check(ctx context.Context, f func() bool) *Error {
	if w := p.limit; w != nil {
		checked := f
		f = func() bool {
			good := checked()
			if !good {
				w.failed()
			}
			return good
		}
		if w.failedLately() {
			// One wait for both pools: checks that began to wait before the failure may still fill the wide one.
			ctx, cancel := context.WithTimeout(ctx, maxCheckWait)
			defer cancel()
			fits := true
			if !w.narrow.Do(ctx, func() bool { fits = p.Do(ctx, f); return true }) || !fits {
				return errPoolFull
			}
			return nil
		}
	}
	if !p.Do(ctx, f) {
		return errPoolFull
	}
	return nil
}

// credentials delays the credential that presented a token whose check failed (ADR
// 0018). All credentials share the pool of checks. Without the delay, a credential that
// presents forgeries would take the whole pool.
//
// After a failed check a credential gets a queue of its own in front of the pool: one
// check runs at a time, and a rest follows each failed check. Other credentials use the
// pool directly. The table has a fixed size, so many names do not fill the memory. Its
// seed is random per process, so nobody can choose which names share a queue. A full
// table takes a megabyte.
type credentials struct {
	pool   checkPool
	seed   maphash.Seed
	queues [credentialSlots]atomic.Pointer[queue]
}

const (
	maxCheckWait = 500 * time.Millisecond // the longest wait of a check for its turn, after a check has failed
	// maxGoodWait is the longest wait while no check fails. Sessions that come back together after a restart wait
	// for each other: 4096 checks of RSA-4096 take 0.7 s of two cores. MinIO waits a minute for an answer.
	maxGoodWait = 2 * time.Second

	credentialSlots = 4096
	// A credential rests restFactor times as long as its failed check took. So a
	// credential that presents only forgeries gets at most an eighth of a core.
	restFactor = 7
	// maxRest is the longest rest. If the machine stands still during a check, the check
	// seems to take long. With maxRest the next check still gets its turn in time.
	maxRest = maxCheckWait / 2
	// maxQueued is how many checks may wait in the queue of a credential.
	maxQueued = 16
	// failureMemory is how long a failure counts. It is longer than a rest, because
	// otherwise forgeries that arrive together would fill the pool after each rest.
	failureMemory = 10 * time.Second
)

func newCredentials(p checkPool) *credentials {
	return &credentials{pool: p, seed: maphash.MakeSeed()}
}

// named returns the credential with the name, which is Presented.By.
func (c *credentials) named(name string) credential {
	return credential{c.pool, &c.queues[maphash.String(c.seed, name)%credentialSlots]}
}

// credential is a name that presents tokens. Names with the same slot share a queue.
type credential struct {
	pool  checkPool
	queue *atomic.Pointer[queue] // nil until a check failed
}

// check implements checker.
func (c credential) check(ctx context.Context, f func() bool) *Error {
	began := time.Now()
	if !c.failedLately() {
		queued := false
		err := c.pool.check(ctx, func() bool {
			// If another check has failed meanwhile, this check moves to the queue.
			if queued = c.failedLately(); queued {
				return true
			}
			return c.timed(f)
		})
		if !queued {
			return err
		}
	}
	q := c.queue.Load()
	return q.do(ctx, began.Add(maxCheckWait), func(ctx context.Context) *Error {
		return c.pool.check(ctx, func() bool {
			good := c.timed(f)
			if good {
				q.clearFailures()
			}
			return good
		})
	})
}

// timed runs f. If f reports a bad signature, the credential rests.
func (c credential) timed(f func() bool) bool {
	began := time.Now()
	good := f()
	if !good {
		c.failed(time.Since(began))
	}
	return good
}

// failed notes a failed check and how long it took.
func (c credential) failed(took time.Duration) {
	if c.queue.Load() == nil {
		c.queue.CompareAndSwap(nil, &queue{turn: pool.New(1, maxQueued, maxCheckWait)})
	}
	c.queue.Load().failed(took)
}

func (c credential) failedLately() bool {
	q := c.queue.Load()
	return q != nil && q.failedLately()
}

// full reports whether too many checks of the credential wait already. Then its new
// tokens are refused unread.
func (c credential) full() bool {
	q := c.queue.Load()
	return q != nil && q.turn.Full() && q.failedLately()
}

// errQueueFull is the error of a credential whose queue is full. It never changes.
var errQueueFull = &Error{
	Overloaded, "tokens of this credential failed their check lately, so its new tokens are checked one at a time, and too many wait",
	"look for token_signature in the decision log to find the client that presents them",
}

// queue holds the checks of a credential that has presented a forgery.
type queue struct {
	turn *pool.Pool // of size 1

	mu    sync.Mutex
	last  time.Time // the newest failure that counts; zero if no failure counts
	until time.Time // the end of the rest
}

// do runs check in its turn and after the rest. It returns errQueueFull if deadline comes
// first or too many checks wait.
func (q *queue) do(ctx context.Context, deadline time.Time, check func(context.Context) *Error) *Error {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	err := errQueueFull
	_ = q.turn.Do(ctx, func() bool {
		if q.rest(ctx) {
			err = check(ctx)
		}
		return true
	})
	return err
}

// rest waits until the rest is over. It returns false if ctx ends first.
func (q *queue) rest(ctx context.Context) bool {
	for left := q.left(); left > 0; left = q.left() { // a check that began earlier may extend the rest
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false
		}
	}
	return true
}

func (q *queue) left() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	return time.Until(q.until)
}

// failed extends the rest. The rests of checks that began together add up.
func (q *queue) failed(took time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.last = time.Now()
	if q.until.Before(q.last) {
		q.until = q.last
	}
	q.until = q.until.Add(restFactor * took)
	if most := q.last.Add(maxRest); q.until.After(most) {
		q.until = most
	}
}

// clearFailures is called after a good check in the queue. The credential then uses
// the pool again. A forger who mixes in good tokens gains only the few checks that begin
// at the same time, and new good tokens are rare.
func (q *queue) clearFailures() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.last = time.Time{}
}

func (q *queue) failedLately() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.last.IsZero() && time.Since(q.last) < failureMemory
}
