// Package pool bounds how many expensive operations run at once and how many
// callers wait for one. A caller that cannot start soon enough is refused.
package pool

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"
)

// Pool runs a bounded number of operations at once. New makes a Pool. Its methods may be
// called concurrently, except WithRest.
type Pool struct {
	slots      chan struct{}
	waiting    atomic.Int64
	maxWaiting int64
	maxWait    time.Duration
	restFactor int

	made   time.Time
	polled atomic.Int64 // nanoseconds from made to the newest call of awaitNetwork
}

// New returns a pool that runs size operations at once. At most maxWaiting callers
// wait, each for at most maxWait.
func New(size, maxWaiting int, maxWait time.Duration) *Pool {
	return &Pool{slots: make(chan struct{}, size), maxWaiting: int64(maxWaiting), maxWait: maxWait, made: time.Now()}
}

// WithRest makes a slot rest after a failed operation: the slot stays taken for factor
// times as long as the operation took, and for half of maxWait at most. If the machine
// stands still during an operation, the operation seems to take long. The next caller
// still gets its turn in time. WithRest returns p and must be called before Do.
func (p *Pool) WithRest(factor int) *Pool {
	p.restFactor = factor
	return p
}

// InFlight returns how many operations run or wait.
func (p *Pool) InFlight() int { return len(p.slots) + int(p.waiting.Load()) }

// Full reports whether Do would refuse a caller because too many wait already.
func (p *Pool) Full() bool { return p.waiting.Load() >= p.maxWaiting }

// Do runs f in a slot and returns true. It returns false if too many callers wait,
// if no slot is free within maxWait, or if ctx ends first. f reports whether the
// operation succeeded.
func (p *Pool) Do(ctx context.Context, f func() bool) bool {
	select {
	case p.slots <- struct{}{}:
		// With a slot for each processor, the last slot may take the last free processor. So the requests that
		// are ready go first. While a slot is left, giving way would only delay the check.
		if len(p.slots) == cap(p.slots) {
			runtime.Gosched()
		}
	default:
		if !p.wait(ctx) {
			return false
		}
		p.yield() // the requests that have arrived go first
	}
	began, good := time.Now(), false
	defer func() {
		// This caller does not wait for the rest; the next caller of the slot does.
		if rest := min(time.Duration(p.restFactor)*time.Since(began), p.maxWait/2); !good && rest > 0 {
			time.AfterFunc(rest, p.release)
			return
		}
		p.release()
	}()
	good = f()
	return true
}

func (p *Pool) release() { <-p.slots }

// wait waits for a slot and takes it. It returns false if there is no slot in time.
func (p *Pool) wait(ctx context.Context) bool {
	defer p.waiting.Add(-1)
	if p.waiting.Add(1) > p.maxWaiting {
		return false
	}
	timer := time.NewTimer(p.maxWait)
	defer timer.Stop()
	select {
	case p.slots <- struct{}{}:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}
