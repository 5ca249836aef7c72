// Package ratchet reads a clock that may be set back by minutes without letting
// what had expired come back to life.
package ratchet

import (
	"sync/atomic"
	"time"
)

// Clock remembers how far the clock has come. A clock that is set back by some
// minutes, as by a time server, a snapshot of a virtual machine or a tired
// battery, must not bring tokens or grants back to life that had expired.
//
// It holds what was seen and nothing more, so a clock that was ahead and has been
// set right catches up with it in as many minutes, in which things expire that
// much earlier. A clock that was ahead by more than half an hour was no small
// mistake: it is believed now and was not before.
//
// The zero value has seen nothing. Latest may be called concurrently.
type Clock struct{ seen atomic.Int64 } // Unix nanoseconds

const (
	most = 30 * time.Minute // ten minutes ahead, then ten back, are twenty
	step = time.Second      // so that not every request writes
)

// Latest returns now, or the latest time that was seen before, if that is a
// little later.
func (c *Clock) Latest(now time.Time) time.Time {
	seen, wall := c.seen.Load(), now.UnixNano()
	switch ahead := time.Duration(seen - wall); {
	case ahead > most, ahead < -step:
		c.seen.CompareAndSwap(seen, wall)
		return now
	case ahead > 0:
		return time.Unix(0, seen)
	default:
		return now
	}
}
