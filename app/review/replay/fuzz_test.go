package replay_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/review/replay"
	"github.com/claimgate/claimgate/internal/testsupport/anymapping"
)

// Every line is counted exactly once, for any text.
func FuzzRun(f *testing.F) {
	var some bytes.Buffer
	if _, err := some.ReadFrom(&log{lines: 12}); err != nil {
		f.Fatal(err)
	}
	f.Add(some.Bytes())
	f.Add([]byte("\n\n{\n"))
	f.Add([]byte(`{"allow":false,"reason":"no_token","static":true,"account":"velero","action":"s3:GetObject"}`))
	f.Add([]byte(`{"time":"2026-11-21T12:00:00Z","event":"lost","lost":9223372036854775807}`))
	m := anymapping.Load(f, rules)
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := replay.Run(bytes.NewReader(text), replay.Options{Mapping: m, Now: time.Now(), Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		if sum := r.Unreadable + r.Unaffected + r.Same + r.Reasons + r.Uncertain + r.Gains + r.Losses; sum != r.Lines {
			t.Errorf("%d lines, %d counted: %+v", r.Lines, sum, r)
		}
	})
}
