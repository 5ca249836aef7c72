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

// Entry is one answer, with the request and the decision behind it.
type Entry struct {
	Time     time.Time
	Peer     net.IP // the address of the server that asked
	Status   int    // of the HTTP answer
	Duration time.Duration
	// Request is nil if the request could not be parsed.
	Request  *gateway.Request
	Decision *gateway.Decision
}

// Log writes entries. Its methods may be called concurrently.
type Log struct {
	off      bool
	num, den uint64 // num out of den allows are written
	seen     atomic.Uint64
	required bool

	maxWait, closeTimeout time.Duration

	queue queue
	ended chan struct{} // closed when the writer has ended

	closeOnce func() error

	out    output
	writer writer
	health health

	written, skipped, lost, denied atomic.Uint64
	// unreported counts the lost lines that no event in the log has reported yet.
	unreported atomic.Uint64
}

const (
	// maxWait is how long Write waits for its line to be written, unless Timeouts says otherwise.
	maxWait = time.Second
	// closeTimeout is how long Close waits for a stalled output, unless Timeouts says otherwise.
	closeTimeout = 5 * time.Second
)

// Option is an option of Open.
type Option func(*Log)

// Required makes Denies return true: an allow without a written line must become a deny.
func Required() Option { return func(l *Log) { l.required = true } }

// Chained adds the hash of the previous line to each line.
func Chained() Option { return func(l *Log) { l.writer.chain = newLinks() } }

// Timeouts sets how long Write waits for its line, and how long Close waits for a stalled output, instead of 1 s and
// 5 s. A test that wants every line uses it, because a busy machine can stop the writer for longer.
func Timeouts(write, closing time.Duration) Option {
	return func(l *Log) { l.maxWait, l.closeTimeout = write, closing }
}

// Notify makes the log call f when the output begins to fail, at most every 10 s while it fails, and when
// it has recovered. Calls do not overlap, and f may block.
func Notify(f func(Notice)) Option { return func(l *Log) { l.health.notify = f } }

// Open opens a log. output and allow have the values of the configuration: output is stdout, stderr, off
// or a file name; allow is all, none or a rate such as 1/100.
func Open(output, allow string, with ...Option) (*Log, error) {
	l := &Log{queue: queue{wake: make(chan struct{}, 1)}, ended: make(chan struct{}), maxWait: maxWait, closeTimeout: closeTimeout}
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
	l.health.setHead(&l.writer)
	go l.write()
	return l, nil
}

// sampled reports whether the next allow is to be written.
func (l *Log) sampled() bool {
	return l.num == l.den || (l.seen.Add(1)-1)*l.num%l.den < l.num
}

// Reopen opens the log's file again, after a rotation. If that fails, the old file stays in use. Without
// a file, Reopen does nothing.
func (l *Log) Reopen() error {
	if l.off {
		return nil
	}
	return l.out.reopen(&l.writer)
}

// Close writes the queued lines and closes the file, if there is one. Lines written later are lost. Close
// waits 5 s at most for a stalled output, unless Timeouts says otherwise.
func (l *Log) Close() error {
	if l.off {
		return nil
	}
	return l.closeOnce()
}

func (l *Log) close() error {
	l.queue.close()
	select {
	case <-l.ended:
	case <-time.After(l.closeTimeout):
		return errors.New("audit.output: the output stalls; lines that waited are lost")
	}
	return l.out.close()
}

// Counts counts lines since the start: written, skipped as configured, lost because the output failed,
// and allows that became denies because their line could not be written.
type Counts struct{ Written, Skipped, Lost, Denied uint64 }

// Counts returns the counts so far.
func (l *Log) Counts() Counts {
	return Counts{l.written.Load(), l.skipped.Load(), l.lost.Load(), l.denied.Load()}
}
