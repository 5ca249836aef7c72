package pool_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/claimgate/claimgate/verifier/internal/pool"
)

func takes(d time.Duration, good bool) func() bool {
	return func() bool {
		time.Sleep(d)
		return good
	}
}

func TestAtMostSizeRunAndMaxWaitingWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pool.New(2, 1, time.Second)
		var callers sync.WaitGroup
		for range 3 {
			callers.Go(func() {
				if !p.Do(t.Context(), takes(500*time.Millisecond, true)) {
					t.Error("refused although there is room")
				}
			})
		}
		synctest.Wait()
		if got := p.InFlight(); got != 3 || !p.Full() {
			t.Errorf("%d in flight, full %v", got, p.Full())
		}
		if p.Do(t.Context(), takes(0, true)) {
			t.Error("a second caller waits")
		}
		callers.Wait()
		if got := p.InFlight(); got != 0 || p.Full() {
			t.Errorf("%d in flight at the end, full %v", got, p.Full())
		}
	})
}

func TestWaitingEndsWithMaxWaitAndWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pool.New(1, 8, time.Second)
		var running sync.WaitGroup
		running.Go(func() { p.Do(t.Context(), takes(3*time.Second, true)) })
		synctest.Wait()
		began := time.Now()
		if p.Do(t.Context(), takes(0, true)) || time.Since(began) != time.Second {
			t.Errorf("the wait ended after %s", time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began = time.Now()
		if p.Do(ctx, takes(0, true)) || time.Since(began) != 100*time.Millisecond {
			t.Errorf("the wait ended after %s", time.Since(began))
		}
		running.Wait()
	})
}

func TestASlotRestsAfterAFailureOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pool.New(1, 8, time.Minute).WithRest(9)
		began := time.Now()
		p.Do(t.Context(), takes(time.Second, false))
		if took := time.Since(began); took != time.Second {
			t.Errorf("the caller waited for the rest: %s", took)
		}
		p.Do(t.Context(), takes(time.Second, true))
		if took := time.Since(began); took != 11*time.Second {
			t.Errorf("a second operation ended after %s, want 1 s, 9 s of rest and 1 s", took)
		}
		p.Do(t.Context(), takes(time.Second, true))
		if took := time.Since(began); took != 12*time.Second {
			t.Errorf("the slot rested after a success: %s", took)
		}
	})
}

// After the machine stood still during an operation, the next caller gets its turn.
func TestARestIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pool.New(1, 8, time.Minute).WithRest(9)
		p.Do(t.Context(), takes(time.Hour, false))
		began := time.Now()
		if !p.Do(t.Context(), takes(0, true)) || time.Since(began) != 30*time.Second {
			t.Errorf("the next caller waited %s, want half of a minute", time.Since(began))
		}
	})
}
