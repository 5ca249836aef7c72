// Package wait lets a test wait for another process, a real file or a real socket. These have no clock
// that a test could inject. It also measures what must not take long.
package wait

import (
	"testing"
	"time"
)

// Until calls holds every 2 ms until holds returns true, and returns how long that took. After two minutes it
// fails the test; what names the missing condition in the message. No result may depend on the two minutes: they
// only end a test that hangs, and a busy machine only takes longer.
func Until(t testing.TB, what string, holds func() bool) time.Duration {
	t.Helper()
	start := time.Now()
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(2 * time.Minute)
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("not seen: %s", what)
		case <-again.C:
		}
	}
	return time.Since(start)
}

// Shortest returns the shortest time that f takes. It calls f until f takes at most enough, ten times at most. A busy
// machine can stop any of the calls, but not all of them.
func Shortest(enough time.Duration, f func()) time.Duration {
	var shortest time.Duration
	for n := range 10 {
		start := time.Now()
		f()
		if took := time.Since(start); n == 0 || took < shortest {
			shortest = took
		}
		if shortest <= enough {
			break
		}
	}
	return shortest
}
