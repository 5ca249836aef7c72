package minio_test

import (
	"testing"

	"github.com/claimgate/claimgate/app/dialect/decoder"
	"github.com/claimgate/claimgate/app/dialect/minio"
	"github.com/claimgate/claimgate/internal/fixtures"
	"github.com/claimgate/claimgate/internal/strictjson"
)

// BenchmarkDecode decodes the recorded requests in turn into one document.
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

// BenchmarkDecoder does the same with a Decoder that has kept patterns of them.
func BenchmarkDecoder(b *testing.B) {
	calls := fixtures.Calls(b)[1:]
	d, doc := &decoder.Decoder{Dialect: minio.Dialect, Evidence: []string{"authentik_token", "X-Authentik-Jwt"}}, new(strictjson.Document)
	for range 100 { // requests that share a slot replace each other's patterns
		for _, c := range calls {
			if req, err := d.Decode(c.Body, doc); err == nil {
				d.Keep(c.Body, &req, doc)
			}
		}
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if _, err := d.Decode(calls[n].Body, doc); err != nil {
			b.Fatal(err)
		}
		n = (n + 1) % len(calls)
	}
}
