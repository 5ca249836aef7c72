package audit

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claimgate/claimgate/app/gateway"
)

// ErrStalled is the error of a line that was not written in time, because the output takes no lines at
// present.
var ErrStalled = errors.New("audit.output: the output stalls")

var errClosed = errors.New("audit: the log is closed")

// line is one line on its way to the output.
type line struct {
	text []byte
	done chan error // receives one result per use
	// noWaiter is true if nobody receives from done.
	noWaiter bool
	// replaced is true if WriteDeny replaces this line when this line fails. Then this line does not
	// count as lost.
	replaced bool
	state    atomic.Int32
	timer    *time.Timer // of wait; nil before the first use
}

// The states of a line. The goroutine that changes queued to another state owns the line.
const (
	queued    = iota
	taken     // by the writer
	withdrawn // by wait
)

var lines = sync.Pool{New: func() any { return &line{done: make(chan error, 1)} }}

func newLine(e *Entry) *line {
	ln := lines.Get().(*line)
	ln.noWaiter, ln.replaced = false, false
	ln.state.Store(queued)
	ln.text = e.marshal(ln.text[:0])
	return ln
}

// Write writes one entry, and returns when the entry is written, or skipped as configured. If Write
// returns an error, the entry is not written, or not yet: the error is the output's, or ErrStalled. If the
// entry is an allow and Denies returns true, the caller must then answer with a deny and call WriteDeny.
func (l *Log) Write(e *Entry) error {
	if l.off {
		return nil
	}
	allow := e.Decision.Allow()
	// An allow that the next mapping would deny is always written, so that the log shows who loses access.
	if allow && e.Decision.Outcome != gateway.ShadowLoses && !l.sampled() {
		l.skipped.Add(1)
		return nil
	}
	required := allow && l.required
	stalled := l.health.stalled.Load()
	if stalled && required {
		return ErrStalled // the answer is a deny, so an allow must not be queued
	}
	ln := newLine(e)
	ln.replaced, ln.noWaiter = required, stalled
	if !l.enqueue(ln) {
		return fmt.Errorf("%w, and too many lines wait", ErrStalled)
	}
	if stalled {
		return ErrStalled // do not wait for an output that is known to stall
	}
	return l.wait(ln)
}

// Denies reports whether an allow must become a deny if its line cannot be written.
func (l *Log) Denies() bool { return l.required }

// WriteDeny queues the entry of a deny that replaces an allow whose line could not be written. It does not
// wait.
func (l *Log) WriteDeny(e *Entry) {
	l.denied.Add(1)
	ln := newLine(e)
	ln.noWaiter = true
	l.enqueue(ln)
}

// enqueue queues a line. If the queue is full or the log is closed, enqueue counts the line as lost and
// returns false.
func (l *Log) enqueue(ln *line) bool {
	select {
	case <-l.ended:
	default:
		select {
		case l.queue <- ln:
			return true
		default:
		}
	}
	l.countLost(ln, ErrStalled)
	lines.Put(ln)
	return false
}

// wait waits until a line is written, for l.maxWait at most.
func (l *Log) wait(ln *line) error {
	if ln.timer == nil {
		ln.timer = time.NewTimer(l.maxWait)
	} else {
		ln.timer.Reset(l.maxWait)
	}
	timer := ln.timer // after lines.Put another Write may use ln
	select {
	case err := <-ln.done:
		timer.Stop()
		lines.Put(ln)
		return err
	case <-l.ended: // the writer has ended; it may have written this line before
		select {
		case err := <-ln.done:
			return err
		default:
			l.countLost(ln, errClosed)
			return errClosed
		}
	case <-timer.C:
	}
	l.health.setStalled(l)
	if ln.replaced {
		// If the writer has taken the line, it may still write it. The line of the deny comes later: of two
		// lines with one id, the later one is the answer.
		ln.state.CompareAndSwap(queued, withdrawn)
	}
	return ErrStalled // if the line is lost, the writer counts the line
}

// countLost counts a line that will not be written.
func (l *Log) countLost(ln *line, err error) {
	if !ln.replaced {
		l.lost.Add(1)
		l.unreported.Add(1)
	}
	l.health.setFailing(l, err)
}
