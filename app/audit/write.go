package audit

import (
	"errors"
	"sync"

	"github.com/claimgate/claimgate/app/gateway"
)

// ErrStalled is the error of a line that was not written in time, because the output takes no lines at
// present.
var ErrStalled = errors.New("audit.output: the output stalls")

var errClosed = errors.New("audit: the log is closed")

// line is one line on its way to the output. queue.mu guards waited and replaced while the line is queued.
type line struct {
	text []byte
	done chan error // receives one result per use, if somebody waits
	// waited is true if somebody receives from done.
	waited bool
	// replaced is true if WriteDeny replaces this line when this line fails. Then this line does not
	// count as lost.
	replaced bool
}

var lines = sync.Pool{New: func() any { return &line{done: make(chan error, 1)} }}

func newLine(e *Entry) *line {
	ln := lines.Get().(*line)
	ln.waited, ln.replaced = false, false
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
	ln := newLine(e)
	ln.replaced, ln.waited = allow && l.required, true
	waits, err := l.enqueue(ln)
	switch {
	case err != nil:
		return err
	case !waits: // do not wait for an output that is known to stall
		return ErrStalled
	}
	err = <-ln.done
	if !errors.Is(err, ErrStalled) { // a line of a stalled output still belongs to the writer, which counts it if it is lost
		lines.Put(ln)
	}
	return err
}

// Denies reports whether an allow must become a deny if its line cannot be written.
func (l *Log) Denies() bool { return l.required }

// WriteDeny queues the entry of a deny that replaces an allow whose line could not be written. It does not
// wait.
func (l *Log) WriteDeny(e *Entry) {
	l.denied.Add(1)
	ln := newLine(e)
	_, _ = l.enqueue(ln)
}

// enqueue queues a line as put does. It counts a line that cannot be queued as lost.
func (l *Log) enqueue(ln *line) (waits bool, err error) {
	if waits, err = l.put(ln); err != nil {
		l.countLost(ln, err)
		lines.Put(ln)
	}
	return waits, err
}

// countLost counts a line that will not be written.
func (l *Log) countLost(ln *line, err error) {
	if !ln.replaced {
		l.lost.Add(1)
		l.unreported.Add(1)
	}
	l.health.setFailing(l, err)
}
