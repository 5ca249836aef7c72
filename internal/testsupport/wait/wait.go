// Package wait lets a test wait for another process, a real file or a real socket. These have no clock
// that a test could inject.
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
