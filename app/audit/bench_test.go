package audit_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/claimgate/claimgate/app/audit"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/verifier"
)

// BenchmarkWrite has 32 requests at a time, each with a line for a file. cpu-ns/op is the processor time of a line.
func BenchmarkWrite(b *testing.B) {
	l, err := audit.Open(filepath.Join(b.TempDir(), "decisions.jsonl"), "all", patient)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	e := entry(gateway.PolicyAllow)
	e.Decision.Revision = "1f0c9d2a"
	e.Decision.Identity = &verifier.Identity{Issuer: "authentik", Subject: "8f14e45fceea167a5a36dedd4bea2543", Username: "alice", Groups: []string{"team-reports", "team-raw"}}
	b.ReportAllocs()
	b.SetParallelism(16)
	before := processorTime(b)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := l.Write(e); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
}

func processorTime(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
