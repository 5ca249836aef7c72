package audit

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/rate"
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
	num, den uint64 // num of den allows are written
	seen     atomic.Uint64
	required bool
	patience time.Duration

	queue chan *line
	stop  chan struct{} // closed by Close
	ended chan struct{} // closed when the writer has ended

	closeOnce func() error

	out    output
	writer writer
	health health

	written, skipped, lost, denied atomic.Uint64
	// untold are those of lost that no line has told of yet.
	untold atomic.Uint64
}

const (
	queued = 1024 // lines that wait while others are written
	// patience is how long an answer waits for its line to be written.
	patience = time.Second
	// closing is how long Close waits for an output that stalls.
	closing = 5 * time.Second
)

// Option is what a log can do beside writing.
type Option func(*Log)

// Required makes an allow count only if its line is written.
func Required() Option { return func(l *Log) { l.required = true } }

// Chained lets each line carry the hash of the one before.
func Chained() Option { return func(l *Log) { l.writer.chain = newLinks() } }

// Notify has f called when the output begins to fail, while it does, every so
// often, and when it has recovered. Calls do not overlap.
func Notify(f func(Notice)) Option { return func(l *Log) { l.health.notify = f } }

// Open makes the log that output and allow ask for, in the words of the
// configuration: stdout, stderr, off or a file; all, none or a rate like 1/100.
func Open(output, allow string, with ...Option) (*Log, error) {
	l := &Log{queue: make(chan *line, queued), stop: make(chan struct{}), ended: make(chan struct{}), patience: patience}
	l.closeOnce = sync.OnceValue(l.close)
	var ok bool
	if l.num, l.den, ok = rate.Parse(allow); !ok {
		return nil, fmt.Errorf(`audit.allow: %q is not "all", "none" or a rate such as "1/100"`, allow)
	}
	for _, o := range with {
		o(l)
	}
	if output == "off" {
		l.off = true
		close(l.ended)
		return l, nil
	}
	if err := l.out.open(output, &l.writer); err != nil {
		return nil, err
	}
	l.health.show(&l.writer)
	go l.write()
	return l, nil
}

// sampled reports whether this allow is one that is written.
func (l *Log) sampled() bool {
	return l.num == l.den || (l.seen.Add(1)-1)*l.num%l.den < l.num
}

// Reopen opens the file anew, after it was rotated away. A log without a file
// has nothing to reopen. The old file stays in use where the new one can't be
// opened.
func (l *Log) Reopen() error {
	if l.off {
		return nil
	}
	return l.out.reopen(&l.writer)
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
	return l.out.close()
}

// Counts are lines since the start: written, left out as configured, lost because
// the output failed, and allows that were denied because their line could not be
// written.
type Counts struct{ Written, Skipped, Lost, Denied uint64 }

// Counts returns the counts so far.
func (l *Log) Counts() Counts {
	return Counts{l.written.Load(), l.skipped.Load(), l.lost.Load(), l.denied.Load()}
}
