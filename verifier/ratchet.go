package verifier

import (
	"sync/atomic"
	"time"
)

// ratchet remembers how far the clock has come. A clock that is set back by some
// minutes, as by a time server, a snapshot of a virtual machine or a tired
// battery, must not bring tokens back to life that had expired.
//
// It holds what was seen and nothing more, so a clock that was ahead and has been
// set right catches up with it in as many minutes, in which tokens expire that
// much earlier. A clock that was ahead by more than ratchetMost was no small
// mistake: it is believed now and was not before.
type ratchet struct{ seen atomic.Int64 } // Unix nanoseconds

const (
	ratchetMost = 30 * time.Minute // ten minutes ahead, then ten back, are twenty
	ratchetStep = time.Second      // so that not every request writes
)

// latest returns now, or the latest time that was seen before, if that is a
// little later.
func (r *ratchet) latest(now time.Time) time.Time {
	seen, wall := r.seen.Load(), now.UnixNano()
	switch ahead := time.Duration(seen - wall); {
	case ahead > ratchetMost, ahead < -ratchetStep:
		r.seen.CompareAndSwap(seen, wall)
		return now
	case ahead > 0:
		return time.Unix(0, seen)
	default:
		return now
	}
}
