package verifier

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// bearers makes a failed check cost whoever brought it. The signature checks of
// all bearers share a pool; one that keeps bringing forgeries would have it for
// itself, and a slot that rested after a forgery would rest for everybody.
//
// So a bearer whose check failed gets a line of its own before the pool: one at a
// time, with a rest after each that fails. All others go to the pool at once. The
// table never grows, and its seed is this process's own, so that nobody can bring
// tokens in so many names that it fills, nor choose whose line he shares. Full it
// takes a megabyte.
type bearers struct {
	pool  *pool
	seed  maphash.Seed
	lines [bearerLines]atomic.Pointer[line]
}

const (
	bearerLines = 4096
	// bearerRest is how many times as long as a failed check took its bearer rests:
	// whoever brings nothing but forgeries has an eighth of a core at most.
	bearerRest = 7
	// bearerRestMost keeps a machine that stood still during a check from shutting
	// the bearer out: who comes next has its turn within its patience.
	bearerRestMost = patience / 2
	// bearerWaiters wait for their turn behind the one that has it.
	bearerWaiters = 16
	// bearerMemory is how long a failure counts. Were it forgotten with the end of
	// the rest, forgeries that come together would fill the pool again after each.
	bearerMemory = 10 * time.Second
)

func newBearers(p *pool) *bearers { return &bearers{pool: p, seed: maphash.MakeSeed()} }

// of is the bearer with that name.
func (b *bearers) of(name string) bearer {
	return bearer{b.pool, &b.lines[maphash.String(b.seed, name)%bearerLines]}
}

// bearer is who brought a token.
type bearer struct {
	pool *pool
	line *atomic.Pointer[line] // nil until a check failed
}

// check implements checker.
func (b bearer) check(ctx context.Context, f func() bool) *Error {
	came := time.Now()
	if !b.failedLately() {
		late := false
		err := b.pool.check(ctx, func() bool {
			// Of many that came together the first has failed by now, perhaps.
			if late = b.failedLately(); late {
				return true
			}
			return b.timed(f)
		})
		if !late {
			return err
		}
	}
	l := b.line.Load()
	return l.do(ctx, came.Add(patience), func(ctx context.Context) *Error {
		return b.pool.check(ctx, func() bool {
			good := b.timed(f)
			if good {
				l.forgive()
			}
			return good
		})
	})
}

// timed runs f, and has the bearer rest where it fails.
func (b bearer) timed(f func() bool) bool {
	began := time.Now()
	good := f()
	if !good {
		b.failed(time.Since(began))
	}
	return good
}

// failed notes a check that failed and how long it took.
func (b bearer) failed(took time.Duration) {
	if b.line.Load() == nil {
		b.line.CompareAndSwap(nil, &line{turn: newPool(1, bearerWaiters, patience)})
	}
	b.line.Load().failed(took)
}

func (b bearer) failedLately() bool {
	l := b.line.Load()
	return l != nil && l.failedLately()
}

// crowded is what a bearer is told whose line is full. It never changes.
var crowded = &Error{
	Overloaded, "tokens of this credential failed their check lately, so its new ones are checked one at a time, and too many wait",
	"find who brings them: token_signature in the decision log",
}

// full reports whether a check of the bearer would find too many waiting already,
// so that its token need not be read for it.
func (b bearer) full() bool {
	l := b.line.Load()
	return l != nil && l.turn.waiting.Load() >= l.turn.most && l.failedLately()
}

// line is where the checks of a bearer wait that has brought a forgery.
type line struct {
	turn *pool // of one: its slot is the turn

	mu    sync.Mutex
	last  time.Time // the newest failure that counts, zero where none does
	until time.Time // the end of the rest
}

// do runs check in its turn and after the rest, by the deadline.
func (l *line) do(ctx context.Context, deadline time.Time, check func(context.Context) *Error) *Error {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	err := crowded
	_ = l.turn.do(ctx, func() bool {
		if l.rest(ctx) {
			err = check(ctx)
		}
		return true
	})
	return err
}

// rest waits until the rest is over, and reports whether it was.
func (l *line) rest(ctx context.Context) bool {
	for left := l.left(); left > 0; left = l.left() { // a check from before may add to it
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

func (l *line) left() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Until(l.until)
}

// failed has the bearer rest. Checks that began together before any had failed
// add up.
func (l *line) failed(took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = time.Now()
	if l.until.Before(l.last) {
		l.until = l.last
	}
	l.until = l.until.Add(bearerRest * took)
	if most := l.last.Add(bearerRestMost); l.until.After(most) {
		l.until = most
	}
}

// forgive ends the record with a good check that had its turn: a bearer of good
// tokens goes straight to the pool again. A forger who mixes them in wins the few
// checks that begin at once, not the rest, which was over before; and he rarely has
// a good token that is new.
func (l *line) forgive() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = time.Time{}
}

func (l *line) failedLately() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.last.IsZero() && time.Since(l.last) < bearerMemory
}
