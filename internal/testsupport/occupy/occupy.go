// Package occupy lets a test take the slots of a pool.
package occupy

import (
	"context"
	"testing"
)

// Pool is a bounded pool, such as verifier/internal/pool.Pool. This package cannot import that one, because
// that one is internal to package verifier.
type Pool interface {
	Do(ctx context.Context, f func() bool) bool
}

// Slot takes a slot of p until release is called. It waits until it has the slot, so p must have one soon.
func Slot(t testing.TB, p Pool) (release func()) {
	t.Helper()
	taken, end, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		p.Do(context.Background(), func() bool {
			close(taken)
			<-end
			return true
		})
	}()
	<-taken
	return func() {
		close(end)
		<-done
	}
}
