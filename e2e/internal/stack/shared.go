package stack

import (
	"context"
	"sync"
	"testing"
)

// shared is the stack of all tests that do not stop, configure or break a server. Each
// test works in its own buckets.
var shared struct {
	start sync.Once
	parts *parts
	err   error
}

// Shared returns the shared stack, which runs as the documentation recommends. The
// first test that calls Shared starts it; Main removes it after the last test. A test
// that stops, configures or breaks a server must use New.
func Shared(tb testing.TB) *Stack {
	tb.Helper()
	shared.start.Do(func() {
		var provider choice
		if provider, shared.err = identityProvider(); shared.err != nil {
			return
		}
		var o Options
		if o, shared.err = Production(); shared.err != nil {
			return
		}
		o.authentik = provider.images
		// Not the test's context: the stack outlives the test.
		shared.parts, shared.err = start(context.Background(), "shared", o)
	})
	if shared.parts != nil {
		tb.Cleanup(func() { shared.parts.keepLogs(tb) })
	}
	if shared.err != nil {
		tb.Fatalf("shared stack: %v", shared.err)
	}
	return &Stack{parts: shared.parts, tb: tb}
}

func removeShared() error {
	if shared.parts == nil {
		return nil
	}
	return shared.parts.remove()
}
