// Package wait lets a test wait for another process, a real file or a real socket, for which there is
// no clock to inject.
package wait

import (
	"testing"
	"time"
)

// Until calls holds every few milliseconds until holds returns true. It fails the test after 30 s with
// what was not seen. Until returns how long the wait was.
func Until(t testing.TB, what string, holds func() bool) time.Duration {
	t.Helper()
	start := time.Now()
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(30 * time.Second)
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("not seen: %s", what)
		case <-again.C:
		}
	}
	return time.Since(start)
}
