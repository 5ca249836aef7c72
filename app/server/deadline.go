package server

import (
	"sync/atomic"
	"time"
)

// The server does not set a deadline for each request, as net/http does. That would cost more than the
// decision: three reads of the clock and a change of a runtime timer. Instead a connection notes the
// second in which its phase begins, and the listener compares these seconds with the timeouts once a
// second.

// phase is what a connection is doing. Each phase has its own timeout.
type phase int64

const (
	reading  phase = iota // reading a request; the first one's time begins at Accept and includes a TLS handshake
	idle                  // waiting for the next request
	deciding              // running the handler, which has its own bounds
	writing               // writing the answer
	numPhases
)

// timeouts holds the timeout of each phase in seconds; 0 is no timeout. The listener ends a phase at most
// two seconds after its timeout. In other phases than writing, a write may go on for lateAnswerTime more.
var timeouts = [numPhases]int64{reading: readTimeout, idle: idleTimeout, writing: writeTimeout}

const (
	// MinIO keeps idle connections for 15 s. A server that closes them earlier races with MinIO's next
	// request. If the request loses the race, a user is denied.
	idleTimeout = 75
	// readTimeout bounds slow senders. MinIO itself waits 60 s for an answer.
	readTimeout  = 30
	writeTimeout = 30
)

// phaseStart holds a phase and the second in which it began, as one atomic value.
type phaseStart struct{ atomic.Int64 }

func (s *phaseStart) set(p phase, second int64) { s.Store(second*int64(numPhases) + int64(p)) }

func (s *phaseStart) get() (p phase, second int64) {
	v := s.Load()
	return phase(v % int64(numPhases)), v / int64(numPhases)
}

// setPhase notes that the connection begins a phase.
func (c *conn) setPhase(p phase) { c.phase.set(p, c.listener.second.Load()) }

// overdue returns by how many seconds the connection's phase exceeds its timeout, 0 or less if it does not,
// and the phase. After the listener is closed, a TLS handshake counts as writing, with its own timeout.
func (c *conn) overdue(second int64, listenerClosed bool) (by int64, p phase) {
	p, start := c.phase.get()
	if listenerClosed && c.handshaking.Load() {
		return second - start - handshakeGrace, writing // no answer can be sent, so end reads and writes
	}
	if timeouts[p] == 0 {
		return 0, p
	}
	return second - start - timeouts[p], p
}

// checkTimeouts expires connections, and runs again in a second if connections are open.
func (l *listener) checkTimeouts() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expire()
	if l.checking = len(l.open) > 0; l.checking {
		time.AfterFunc(time.Second, l.checkTimeouts)
	}
}

// startChecking makes checkTimeouts run every second, unless it already does. The caller holds mu.
func (l *listener) startChecking() {
	if !l.checking {
		l.checking = true
		l.updateSecond()
		time.AfterFunc(time.Second, l.checkTimeouts)
	}
}

// updateSecond sets l.second to the present second, and returns it. The caller holds mu.
func (l *listener) updateSecond() int64 {
	second := int64(time.Since(l.created) / time.Second)
	l.second.Store(second)
	return second
}

// lateAnswerTime is how many seconds remain to write an answer, such as 408, after a read has timed out.
const lateAnswerTime = 2

// expire ends the reads and writes of connections whose phase is overdue, with os.ErrDeadlineExceeded.
// The caller holds mu.
func (l *listener) expire() {
	past := time.Unix(1, 0)
	second := l.updateSecond()
	for c := range l.open {
		switch by, p := c.overdue(second, l.closed); {
		case by <= 0:
		case p == writing || by > lateAnswerTime: // a TLS handshake writes while it reads
			_ = c.Conn.SetDeadline(past)
		default:
			_ = c.Conn.SetReadDeadline(past)
		}
	}
}
