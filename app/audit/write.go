package audit

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claimgate/claimgate/app/gateway"
)

// ErrStalled is the error where the output takes no lines for now.
var ErrStalled = errors.New("audit.output: the output stalls")

var errClosed = errors.New("audit: the log is closed")

// line is one line on its way to the output.
type line struct {
	text []byte
	done chan error // takes the outcome, of which there is one for each use
	// unheard says that nobody waits for the outcome.
	unheard bool
	// replaced says that another line is written where this one cannot be, so
	// that nothing is lost.
	replaced bool
	state    atomic.Int32
	timer    *time.Timer // of who waits; nil before the first use
}

// The states of a line. Who changes the first to another has it.
const (
	waits     = iota
	taken     // by the writer
	withdrawn // by who waited for it
)

var lines = sync.Pool{New: func() any { return &line{done: make(chan error, 1)} }}

func newLine(e *Entry) *line {
	ln := lines.Get().(*line)
	ln.unheard, ln.replaced = false, false
	ln.state.Store(waits)
	ln.text = e.marshal(ln.text[:0])
	return ln
}

// Write writes one entry, and returns when it is written. With an error it is
// not, or not yet: the error is the output's, or ErrStalled. Where Denies then
// says so, the answer must be a deny, told by Instead.
func (l *Log) Write(e *Entry) error {
	if l.off {
		return nil
	}
	allow := e.Decision.Allow()
	// What the next mapping would deny is always written: the log is where its people are found.
	if allow && e.Decision.Outcome != gateway.ShadowLoses && !l.sampled() {
		l.skipped.Add(1)
		return nil
	}
	mustBe := allow && l.required
	stalled := l.health.stalled.Load()
	if stalled && mustBe {
		return ErrStalled // by the time it is written nobody would know the answer
	}
	ln := newLine(e)
	ln.replaced, ln.unheard = mustBe, stalled
	if !l.enqueue(ln) {
		return fmt.Errorf("%w, and too many lines wait", ErrStalled)
	}
	if stalled {
		return ErrStalled // one that is known to stall is not waited for
	}
	return l.wait(ln)
}

// Denies reports whether an allow whose line could not be written must become a
// deny.
func (l *Log) Denies() bool { return l.required }

// WriteDeny writes the entry of a deny that was an allow until its line could not
// be written. Nobody waits for it.
func (l *Log) WriteDeny(e *Entry) {
	l.denied.Add(1)
	ln := newLine(e)
	ln.unheard = true
	l.enqueue(ln)
}

// enqueue hands a line to the writer, if there is room.
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
	l.lose(ln, ErrStalled)
	lines.Put(ln)
	return false
}

// wait waits until a line is written, or for as long as an answer can wait.
func (l *Log) wait(ln *line) error {
	if ln.timer == nil {
		ln.timer = time.NewTimer(l.patience)
	} else {
		ln.timer.Reset(l.patience)
	}
	timer := ln.timer // once the line is given back, it is another's
	select {
	case err := <-ln.done:
		timer.Stop()
		lines.Put(ln)
		return err
	case <-l.ended: // nobody writes any more, unless it was the last to be written
		select {
		case err := <-ln.done:
			return err
		default:
			l.lose(ln, errClosed)
			return errClosed
		}
	case <-timer.C:
	}
	l.health.stall(l)
	if ln.replaced {
		// Where the writer has it already it may still be written. The deny comes
		// after it: of two lines with one id the later one is the answer.
		ln.state.CompareAndSwap(waits, withdrawn)
	}
	return ErrStalled // a line that is not replaced is counted when it is written
}

// lose counts a line that will not be written.
func (l *Log) lose(ln *line, err error) {
	if !ln.replaced {
		l.lost.Add(1)
		l.untold.Add(1)
	}
	l.health.fail(l, err)
}
