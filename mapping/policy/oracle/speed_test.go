package oracle

import (
	"testing"
	"time"
)

// TestNeverSlower measures both engines in one run. claimgate must not be slower on a canned policy, and
// must be ten times faster with a thousand statements. The best of several rounds counts, because the
// machine may be busy.
func TestNeverSlower(t *testing.T) {
	for _, c := range speedCases() {
		mine, minio := c.claimgate(t), c.minio(t)
		mine() // builds the index
		best, other := time.Duration(1<<62), time.Duration(1<<62)
		for range 20 {
			best, other = min(best, timePerCall(mine)), min(other, timePerCall(minio))
		}
		ratio := float64(other) / float64(best)
		t.Logf("%-28s claimgate %8v, MinIO %9v, %.1f times faster", c.name, best, other, ratio)
		if ratio < c.faster {
			t.Errorf("%s: claimgate takes %v, MinIO's engine %v; it has to be %.0f times faster", c.name, best, other, c.faster)
		}
	}
}

// timePerCall returns the time of one call, averaged over half a millisecond of calls.
func timePerCall(ask func()) time.Duration {
	const enough = 500 * time.Microsecond
	calls := 0
	begin := time.Now()
	for {
		for range 32 {
			ask()
		}
		calls += 32
		if taken := time.Since(begin); taken > enough {
			return taken / time.Duration(calls)
		}
	}
}
