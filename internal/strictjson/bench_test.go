package strictjson

import (
	"testing"

	"github.com/claimgate/claimgate/internal/fixtures"
)

// Parses real requests into one document, as the server does.
func BenchmarkParse(b *testing.B) {
	var bodies [][]byte
	bytes := 0
	for _, call := range fixtures.Calls(b)[1:] {
		bodies = append(bodies, call.Body)
		bytes += len(call.Body)
	}
	doc := new(Document)
	b.SetBytes(int64(bytes / len(bodies)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if err := doc.Parse(bodies[n]); err != nil {
			b.Fatal(err)
		}
		if n++; n == len(bodies) {
			n = 0
		}
	}
}
