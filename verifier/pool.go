package verifier

import (
	"context"
	"sync/atomic"
	"time"
)

// pool bounds how many signatures are checked at once and how many wait for it.
// An RSA-4096 check takes about 0.3 ms of a core: without a bound, a flood of
// forged tokens takes every core from requests whose token is known.
type pool struct {
	slots   chan struct{}
	waiting atomic.Int64
	most    int64
	patient time.Duration
	rest    int // how many times as long as a failed check took its slot rests after it
}

func newPool(checks, waiters int, patience time.Duration) *pool {
	return &pool{slots: make(chan struct{}, checks), most: int64(waiters), patient: patience}
}

// checker is where the check of a signature waits for its turn.
type checker interface {
	// check runs f, or refuses where that is not soon enough. f reports whether the
	// signature was good.
	check(ctx context.Context, f func() bool) *Error
}

// check implements checker.
func (p *pool) check(ctx context.Context, f func() bool) *Error {
	if !p.do(ctx, f) {
		return refuse(Overloaded, "too many signatures wait to be checked")
	}
	return nil
}

// inFlight is how many checks run or wait.
func (p *pool) inFlight() int { return len(p.slots) + int(p.waiting.Load()) }

// do runs f in a slot, or reports false when none gets free in time. f reports
// whether the check went well.
func (p *pool) do(ctx context.Context, f func() bool) bool {
	select {
	case p.slots <- struct{}{}:
	default:
		if !p.wait(ctx) {
			return false
		}
	}
	began, good := time.Now(), false
	defer func() {
		// Nobody waits for the rest but whoever wants the slot next.
		if rest := time.Duration(p.rest) * time.Since(began); !good && rest > 0 {
			time.AfterFunc(rest, func() { <-p.slots })
			return
		}
		<-p.slots
	}()
	good = f()
	return true
}

func (p *pool) wait(ctx context.Context) bool {
	defer p.waiting.Add(-1)
	if p.waiting.Add(1) > p.most {
		return false
	}
	timer := time.NewTimer(p.patient)
	defer timer.Stop()
	select {
	case p.slots <- struct{}{}:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}
