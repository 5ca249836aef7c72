package gateway_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/claimgate/claimgate/app/dialect/minio"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/fixtures"
	"github.com/claimgate/claimgate/internal/strictjson"
)

// cached returns a request whose token, grants and decision are cached.
func cached(tb testing.TB, g *gate) *gateway.Request {
	tb.Helper()
	in := g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").token(g.sign("bob", []string{"devs"}))
	req := decoded(tb, in)
	before := g.Stats().DecisionHits
	for g.Stats().DecisionHits == before { // ristretto stores in the background, and may drop entries
		if d := g.Decide(tb.Context(), &req); d.Reason != gateway.PolicyAllow {
			tb.Fatalf("%s: %s", d.Reason, d.Detail)
		}
	}
	return &req
}

func TestACachedDecisionAllocatesAtMostTwice(t *testing.T) {
	g := newGate(t)
	req := cached(t, g)
	most := 2.0
	if raceDetector {
		most = 4
	}
	// AllocsPerRun counts the allocations of ristretto's own goroutines, too. So the smallest result of ten
	// runs counts.
	least := most + 1
	for range 10 {
		least = min(least, testing.AllocsPerRun(200, func() { g.Decide(t.Context(), req) }))
	}
	if least > most {
		t.Errorf("a cached decision allocates %v times", least)
	}
}

func TestConcurrentDecisionsAndReloadsNeverMixMappings(t *testing.T) {
	g := newGate(t)
	req := cached(t, g)
	granted := g.Mapping()
	g.use("version = 1\n[[account]]\nname = \"x\"\npolicies = [\"readonly\"]\n")
	refused := g.Mapping()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 500 {
				d := g.Decide(t.Context(), req)
				want := gateway.PolicyAllow
				if d.Revision == refused.Revision() {
					want = gateway.NoPolicy
				}
				if d.Reason != want {
					t.Errorf("revision %.8s answered %s", d.Revision, d.Reason)
					return
				}
			}
		})
	}
	for range 500 {
		g.Use(granted)
		g.Use(refused)
	}
	wg.Wait()
}

func BenchmarkDecideWarm(b *testing.B) {
	g := newGate(b)
	req := cached(b, g)
	b.ReportAllocs()
	for b.Loop() {
		g.Decide(b.Context(), req)
	}
}

func BenchmarkDecodeAndDecideWarm(b *testing.B) {
	g := newGate(b)
	in := g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").token(g.sign("bob", []string{"devs"}))
	body, err := json.Marshal(map[string]any{"input": in})
	if err != nil {
		b.Fatal(err)
	}
	doc := new(strictjson.Document)
	b.ReportAllocs()
	for b.Loop() {
		req, err := minio.Decode(body, doc)
		if err != nil {
			b.Fatal(err)
		}
		g.Decide(b.Context(), &req)
	}
}

func TestDecodingIntoAUsedDocumentAllocatesNothing(t *testing.T) {
	doc := new(strictjson.Document)
	for _, call := range fixtures.Calls(t)[1:] {
		decode := func() {
			if _, err := minio.Decode(call.Body, doc); err != nil {
				t.Fatal(err)
			}
		}
		if n := testing.AllocsPerRun(10, decode); n > 1 { // an escaped object key costs one allocation
			t.Errorf("line %d: decoding allocates %v times", call.Line, n)
		}
	}
}

// Decisions about long names are not cached, because any client can make up such names and fill the cache.
func TestLongNamesAreNotCached(t *testing.T) {
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
