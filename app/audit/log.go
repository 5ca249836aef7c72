package audit

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claimgate/claimgate/app/gateway"
)

// Entry is one answer and what led to it.
type Entry struct {
	Time     time.Time
	Peer     net.IP // the address of the server that asked
	Status   int    // of the HTTP answer
	Duration time.Duration
	// Request is nil where none could be read.
	Request  *gateway.Request
	Decision *gateway.Decision
}

// Log writes entries. Its methods may be called concurrently.
type Log struct {
	off      bool
	path     string // "" for a stream
	num, den uint64 // num of den allows are written
	seen     atomic.Uint64

	queue chan *line
	stop  chan struct{} // closed by Close
	ended chan struct{} // closed when the writer has ended

	closeOnce func() error

	mu   sync.Mutex
	out  io.Writer
	torn bool // the output ends in the middle of a line

	written, skipped, lost atomic.Uint64
}

const (
	queued = 1024 // lines that wait while others are written
	// patience is how long an answer waits for its line to be written.
	patience = time.Second
	// closing is how long Close waits for an output that stalls.
	closing = 5 * time.Second
)

// Open makes the log that output and allow ask for, in the words of the
// configuration: stdout, stderr, off or a file; all, none or a rate like 1/100.
func Open(output, allow string) (*Log, error) {
	l := &Log{queue: make(chan *line, queued), stop: make(chan struct{}), ended: make(chan struct{})}
	l.closeOnce = sync.OnceValue(l.close)
	var err error
	if l.num, l.den, err = rate(allow); err != nil {
		return nil, err
	}
	switch output {
	case "off":
		l.off = true
		close(l.ended)
		return l, nil
	case "stdout":
		l.out = os.Stdout
	case "stderr":
		l.out = os.Stderr
	default:
		l.path = output
		if err := l.Reopen(); err != nil {
			return nil, err
		}
	}
	go l.write()
	return l, nil
}

// rate turns the word for allows into "num of den".
func rate(allow string) (num, den uint64, err error) {
	switch allow {
	case "all":
		return 1, 1, nil
	case "none":
		return 0, 1, nil
	}
	n, d, _ := strings.Cut(allow, "/")
	num, err1 := strconv.ParseUint(n, 10, 31)
	den, err2 := strconv.ParseUint(d, 10, 31)
	if err1 != nil || err2 != nil || num < 1 || num > den {
		return 0, 0, fmt.Errorf(`audit.allow: %q is not "all", "none" or a rate such as "1/100"`, allow)
	}
	return num, den, nil
}

// Reopen opens the file anew, after it was rotated away. A log without a file
// has nothing to reopen. The old file stays in use where the new one can't be
// opened.
func (l *Log) Reopen() error {
	if l.path == "" {
		return nil
	}
	f, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return fmt.Errorf("audit.output: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.out
	l.out = f
	if c, ok := old.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Close writes what waits and closes the file, if there is one. Lines that come
// later are lost. It does not wait for ever for an output that stalls.
func (l *Log) Close() error {
	if l.off {
		return nil
	}
	return l.closeOnce()
}

func (l *Log) close() error {
	close(l.stop)
	select {
	case <-l.ended:
	case <-time.After(closing):
		return errors.New("audit.output: the output stalls; lines that waited are lost")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if c, ok := l.out.(io.Closer); ok && l.path != "" {
		return c.Close()
	}
	return nil
}

// Counts are lines since the start: written, left out as configured, and lost
// because the output failed.
type Counts struct{ Written, Skipped, Lost uint64 }

// Counts returns the counts so far.
func (l *Log) Counts() Counts {
	return Counts{l.written.Load(), l.skipped.Load(), l.lost.Load()}
}

// Write writes one entry, and returns when it is written. The error is that of
// the output; the line is then counted as lost.
func (l *Log) Write(e *Entry) error {
	if l.off {
		return nil
	}
	if e.Decision.Allow() && !l.sampled() {
		l.skipped.Add(1)
		return nil
	}
	ln := lines.Get().(*line)
	ln.text.Reset()
	e.marshal(&ln.text)
	select {
	case l.queue <- ln:
	default:
		lines.Put(ln)
		l.lost.Add(1)
		return errors.New("audit.output: the output stalls, and too many lines wait")
	}
	return l.wait(ln)
}

// wait waits until a line is written, or for as long as an answer can wait.
func (l *Log) wait(ln *line) error {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case err := <-ln.done:
		lines.Put(ln)
		return err
	case <-l.ended: // nobody writes any more, unless it was the last to be written
		select {
		case err := <-ln.done:
			return err
		default:
			l.lost.Add(1)
			return errors.New("audit: the log is closed")
		}
	case <-timer.C: // the writer keeps the line, and counts it when it is written
		return errors.New("audit.output: the output stalls")
	}
}

// sampled reports whether this allow is one that is written.
func (l *Log) sampled() bool {
	return l.num == l.den || (l.seen.Add(1)-1)*l.num%l.den < l.num
}
