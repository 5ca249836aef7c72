package gateway_test

import (
	"strings"
	"testing"

	"github.com/claimgate/claimgate/app/gateway"
)

// Decisions about long names are not cached, because any client can make up such names and fill the cache.
func TestLongNamesAreNotRemembered(t *testing.T) {
	g := newGate(t)
	token := g.sign("bob", []string{"devs"})
	long := strings.Repeat("x", 400)
	asked := func(bucket, object string) (remembered uint64) {
		t.Helper()
		before := g.Stats()
		for range 2 {
			g.expect("a decision", g.session(ask("S1", "s3:GetObject", bucket, object), "bob").token(token), gateway.PolicyAllow)
		}
		after := g.Stats()
		return after.DecisionHits + after.DecisionMisses - before.DecisionHits - before.DecisionMisses
	}
	if asked("b", "o") == 0 {
		t.Fatal("the memory was not asked about short names: this test shows nothing")
	}
	for _, names := range [][2]string{{long, "o"}, {"b", long}, {long[:200], long[:200]}} {
		if n := asked(names[0], names[1]); n != 0 {
			t.Errorf("the memory was asked %d times about a bucket of %d and an object of %d bytes", n, len(names[0]), len(names[1]))
		}
	}
}
