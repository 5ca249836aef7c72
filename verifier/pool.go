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
}

func newPool(checks, waiters int, patience time.Duration) *pool {
	return &pool{slots: make(chan struct{}, checks), most: int64(waiters), patient: patience}
}

// inFlight is how many checks run or wait.
func (p *pool) inFlight() int { return len(p.slots) + int(p.waiting.Load()) }

// do runs f in a slot, or reports false when none gets free in time.
func (p *pool) do(ctx context.Context, f func()) bool {
	select {
	case p.slots <- struct{}{}:
	default:
		if !p.wait(ctx) {
			return false
		}
	}
	defer func() { <-p.slots }()
	f()
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
