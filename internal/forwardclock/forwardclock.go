// Package forwardclock handles a clock that may be set back by minutes. Things that have
// expired stay expired.
package forwardclock

import (
	"sync/atomic"
	"time"
)

// Clock remembers the latest time that Latest was called with. A time server, a snapshot
// of a virtual machine or a weak battery may set a clock back by minutes. Tokens and
// grants that have expired must stay expired nevertheless.
//
// If a clock was ahead and is corrected, Latest returns the same time until the clock
// catches up, so things expire earlier by that difference. If the clock was ahead by more
// than 30 minutes, Latest follows the corrected clock.
//
// The zero value is ready for use. Latest may be called concurrently.
type Clock struct{ seen atomic.Int64 } // Unix nanoseconds

const (
	maxAhead = 30 * time.Minute // a clock that goes from ten minutes ahead to ten behind goes back by twenty
	minStep  = time.Second      // a smaller step forward is not stored, so that not every request writes
)

// Latest returns now, or the latest remembered time if that time is at most 30 minutes
// later than now.
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

// Age returns the time from then to now. It is the larger of the times by the wall clock
// and by the monotonic clock. The monotonic clock is not affected if the wall clock is set
// back; the wall clock includes the time in which a virtual machine was suspended.
func Age(then, now time.Time) time.Duration {
	return max(now.Sub(then), now.Round(0).Sub(then.Round(0)))
}
