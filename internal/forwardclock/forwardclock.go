// Package forwardclock reads a clock that may be set back by minutes, so that what
// has expired stays expired.
package forwardclock

import (
	"sync/atomic"
	"time"
)

// Clock remembers the latest time that it was shown. A time server, a snapshot of
// a virtual machine or a weak battery may set a clock back by minutes; tokens and
// grants that have expired must stay expired.
//
// If a clock was ahead and is corrected, Latest stands still until the clock
// catches up, and things expire that much earlier. If the clock was ahead by more
// than 30 minutes, Latest follows the corrected clock.
//
// The zero value is ready for use. Latest may be called concurrently.
type Clock struct{ seen atomic.Int64 } // Unix nanoseconds

const (
	maxAhead = 30 * time.Minute // ten minutes ahead, then ten back, are twenty
	minStep  = time.Second      // not every request writes
)

// Latest returns now, or the latest time that it was shown if that is at most 30
// minutes later.
func (c *Clock) Latest(now time.Time) time.Time {
	seen, wall := c.seen.Load(), now.UnixNano()
	switch ahead := time.Duration(seen - wall); {
	case ahead > maxAhead, ahead < -minStep:
		c.seen.CompareAndSwap(seen, wall)
		return now
	case ahead > 0:
		return time.Unix(0, seen)
	default:
		return now
	}
}

// Age returns the time from then to now, by the wall clock or the monotonic clock,
// whichever shows more. The monotonic clock does not notice if the wall clock is set
// back; the wall clock goes on while a virtual machine is suspended.
func Age(then, now time.Time) time.Duration {
	return max(now.Sub(then), now.Round(0).Sub(then.Round(0)))
}
