package minio_test

import (
	"testing"

	"github.com/claimgate/claimgate/app/dialect/minio"
	"github.com/claimgate/claimgate/internal/fixtures"
	"github.com/claimgate/claimgate/internal/strictjson"
)

// Every recorded request in turn, into a document that is used again.
func BenchmarkDecode(b *testing.B) {
	calls := fixtures.Calls(b)[1:]
	doc := new(strictjson.Document)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if _, err := minio.Decode(calls[n].Body, doc); err != nil {
			b.Fatal(err)
		}
		n = (n + 1) % len(calls)
	}
}
