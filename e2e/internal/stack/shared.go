package stack

import (
	"context"
	"sync"
	"testing"
)

// shared is the stack that scenarios use together which leave the servers as
// they are: each works in buckets of its own.
var shared struct {
	start sync.Once
	parts *parts
	err   error
}

// Shared is a stack as the documentation has it run, started by the first test
// that asks for it and removed after the last. Whoever stops, configures or breaks
// a server takes New.
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
		// Not the test's context: the stack outlives it.
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
