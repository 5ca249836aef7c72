package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/claimgate/claimgate/e2e/internal/stack"
)

// maxWait ends a test that hangs. No result depends on it: a slow machine only
// takes longer.
const maxWait = 3 * time.Minute

// eventually repeats a check until it returns nil. It fails the test with the last
// error after maxWait.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), maxWait)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("after %s: %v", maxWait, err)
		case <-tick.C:
		}
	}
}

// becomes waits until an action is allowed, or denied.
func becomes(t *testing.T, name string, do action, allowed bool) {
	t.Helper()
	eventually(t, func() error {
		err := do(t.Context())
		switch {
		case err == nil && allowed, errors.Is(err, errDenied) && !allowed:
			return nil
		case err == nil:
			return fmt.Errorf("%s is allowed", name)
		default:
			return fmt.Errorf("%s: %w", name, err)
		}
	})
}

// endsAt repeats an allowed action until it is denied. The test fails if a request is
// denied before the given second, or if a request that began after it is allowed.
func endsAt(t *testing.T, end int64, name string, do action) {
	t.Helper()
	eventually(t, func() error {
		begun := time.Now()
		err := do(t.Context())
		switch {
		case errors.Is(err, errDenied) && time.Now().Unix() < end:
			t.Errorf("%s was denied before it ended", name)
			return nil
		case errors.Is(err, errDenied):
			return nil
		case err == nil && begun.Unix() >= end:
			t.Errorf("%s was allowed after it had ended", name)
			return nil
		case err == nil:
			return fmt.Errorf("%s is allowed", name)
		default:
			return fmt.Errorf("%s: %w", name, err)
		}
	})
}

// While claimgate is stopped, MinIO denies every request, also those of root, and
// stays healthy. MinIO needs no restart when claimgate is back.
func TestStoppedGatewayDeniesEverybody(t *testing.T) {
	t.Parallel()
	s := seeded(t, stack.Options{Front: stack.Balanced})
	alice := s.MustSession("alice", stack.AllScopes)
	all := grant{list: true, get: true, put: true}
	all.check(t, viaS3(s.S3(alice)))

	if err := s.Balancer.Refuse(); err != nil {
		t.Fatal(err)
	}
	s.StopGateway()
	for who, a := range map[string]actions{
		"root":        viaS3(s.S3(s.Root())),
		"alice":       viaS3(s.S3(alice)),
		"alice by mc": viaMC(s.MC(alice)),
	} {
		t.Run(who+" while it is stopped", func(t *testing.T) { grant{}.check(t, a) })
	}
	for _, check := range []string{"live", "ready", "cluster"} {
		if err := s.MinIOHealth(check); err != nil {
			t.Errorf("MinIO is not healthy without its webhook: %v", err)
		}
	}

	s.StartGateway()
	if err := s.Balancer.Resume(); err != nil {
		t.Fatal(err)
	}
	becomes(t, "alice's list", viaS3(s.S3(alice)).list, true)
	all.check(t, viaS3(s.S3(alice)))
	all.check(t, viaS3(s.S3(s.Root())))
}

// MinIO also denies every request if claimgate's address is gone. MinIO then waits ten
// seconds for each answer and remembers the address for 30 seconds.
func TestVanishedGatewayDeniesEverybody(t *testing.T) {
	t.Parallel()
	s := seeded(t, stack.Options{})
	root, alice := viaS3(s.S3(s.Root())), viaS3(s.S3(s.MustSession("alice", stack.AllScopes)))

	s.StopGateway()
	var running sync.WaitGroup
	for who, put := range map[string]action{"root": root.put, "alice": alice.put} {
		running.Go(func() {
			if complaint := judge(t.Context(), who+"'s put", put, false); complaint != "" {
				t.Error(complaint)
			}
		})
	}
	running.Wait()

	s.StartGateway()
	becomes(t, "alice's put", alice.put, true)
	becomes(t, "root's put", root.put, true)
}

// readersMapping has a place for the policy of the readers' group.
const readersMapping = `version = 1

[[group]]
name     = "MinIO readers"
policies = ["%s"]
reason   = "quarterly review"
owner    = "data@example.com"
`

// A changed mapping.toml counts from the next request on. A mapping.toml that cannot be
// loaded changes nothing, and the log says why.
func TestChangedMappingFlipsTheNextAnswer(t *testing.T) {
	t.Parallel()
	s := seeded(t, stack.Options{Mapping: fmt.Sprintf(readersMapping, "readonly")})
	rhea := viaS3(s.S3(s.MustSession("rhea", stack.AllScopes)))
	grant{get: true}.check(t, rhea)

	s.WriteMapping(fmt.Sprintf(readersMapping, "writeonly"))
	becomes(t, "rhea's put", rhea.put, true)
	grant{put: true}.check(t, rhea)

	// A mapping that cannot be loaded changes nothing.
	s.WriteMapping(fmt.Sprintf(readersMapping, "no-such-policy"))
	eventually(t, func() error {
		if !strings.Contains(s.GatewayLog(), "no-such-policy") {
			return errors.New("the log does not say why the mapping was refused")
		}
		return nil
	})
	grant{put: true}.check(t, rhea)

	s.WriteMapping(fmt.Sprintf(readersMapping, "readwrite"))
	becomes(t, "rhea's list", rhea.list, true)
	grant{list: true, get: true, put: true}.check(t, rhea)
}
