package forwardclock_test

import (
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/forwardclock"
)

// Latest ignores a clock that is set back by up to 30 minutes. It follows a clock
// that is set back further, and every clock that goes forward.
func TestLatestIgnoresAClockThatIsSetBackByMinutes(t *testing.T) {
	begin := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	var clock forwardclock.Clock
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
			t.Errorf("the clock shows %v: Latest is %v, want %v", step.shown, got.Sub(begin), step.want)
		}
	}
}

func TestAgeIsTheLargerOfWallAndMonotonicTime(t *testing.T) {
	then := time.Now()
	if got := forwardclock.Age(then, then.Add(time.Hour)); got != time.Hour {
		t.Errorf("an hour by both clocks is %s", got)
	}
	// Without a monotonic reading, only the wall clock counts.
	wall := then.Round(0)
	if got := forwardclock.Age(wall, wall.Add(time.Hour)); got != time.Hour {
		t.Errorf("an hour by the wall clock is %s", got)
	}
	if got := forwardclock.Age(then, then.Add(-time.Hour)); got != -time.Hour {
		t.Errorf("an hour back is %s", got)
	}
}
