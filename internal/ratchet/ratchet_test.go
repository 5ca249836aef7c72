package ratchet_test

import (
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/ratchet"
)

// Minutes back are not believed, half an hour and more is, and time that goes on
// is always believed.
func TestTheLatestTimeCounts(t *testing.T) {
	begin := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	var clock ratchet.Clock
	for _, step := range []struct {
		shown, want time.Duration
	}{
		{0, 0},
		{-10 * time.Minute, 0},
		{-30 * time.Minute, 0},
		{500 * time.Millisecond, 500 * time.Millisecond},
		{10 * time.Minute, 10 * time.Minute},
		{0, 10 * time.Minute},
		{11 * time.Minute, 11 * time.Minute},
		{24 * time.Hour, 24 * time.Hour},
		{12 * time.Minute, 12 * time.Minute},
		{11 * time.Minute, 12 * time.Minute},
	} {
		if got := clock.Latest(begin.Add(step.shown)); !got.Equal(begin.Add(step.want)) {
			t.Errorf("the clock shows %v: taken for %v, want %v", step.shown, got.Sub(begin), step.want)
		}
	}
}
