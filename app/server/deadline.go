package server

import (
	"sync/atomic"
	"time"
)

// A deadline that is moved for each request costs more than the decision: three
// times the clock is read and a timer of the runtime changed. So connections only
// note the second in which they have begun what they are about, and once a second
// somebody looks whether one of them takes too long.

// phase is what a connection is about.
type phase int64

const (
	reading   phase = iota // its request; the first one's time begins as it is accepted, and covers a TLS handshake
	idle                   // until the next request
	deciding               // which has bounds of its own
	answering              // until the answer is written
	phases
)

// patience is how many seconds a phase may take, and not two more (toldWithin more to
// write); 0 is no bound.
var patience = [phases]int64{reading: readTimeout, idle: idleTimeout, answering: writeTimeout}

const (
	// MinIO keeps idle connections for 15 s. A server that closes them earlier
	// races with its next request, and the loser of that race is a denied user.
	idleTimeout = 75
	// readTimeout bounds slow senders; MinIO itself waits 60 s for an answer.
	readTimeout  = 30
	writeTimeout = 30
)

// since is a phase and the second in which it began.
type since struct{ atomic.Int64 }

func (s *since) set(p phase, second int64) { s.Store(second*int64(phases) + int64(p)) }

func (s *since) get() (p phase, second int64) {
	v := s.Load()
	return phase(v % int64(phases)), v / int64(phases)
}

// enter notes that the connection begins something else.
func (c *conn) enter(p phase) { c.since.set(p, c.from.second.Load()) }

// late returns by how many seconds a connection takes too long; 0 or less if it does not. stopping says
// that the listener is closed.
func (c *conn) late(second int64, stopping bool) (by int64, p phase) {
	p, begun := c.since.get()
	if stopping && c.handshaking.Load() {
		return second - begun - handshakeGrace, answering // nobody is there to be told
	}
	if patience[p] == 0 {
		return 0, p
	}
	return second - begun - patience[p], p
}

// look ends what has taken too long, and looks again in a second as long as there
// are connections.
func (l *listener) look() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expire()
	if l.watching = len(l.open) > 0; l.watching {
		time.AfterFunc(time.Second, l.look)
	}
}

// keepLooking sees to it that somebody looks. The caller holds mu.
func (l *listener) keepLooking() {
	if !l.watching {
		l.watching = true
		l.tick()
		time.AfterFunc(time.Second, l.look)
	}
}

// tick tells connections which second it is. The caller holds mu.
func (l *listener) tick() int64 {
	second := int64(time.Since(l.begun) / time.Second)
	l.second.Store(second)
	return second
}

// toldWithin is how many seconds a sender that was too slow has for being told so.
const toldWithin = 2

// expire ends what has taken too long: whoever reads or writes is told as by any
// deadline. The caller holds mu.
func (l *listener) expire() {
	longAgo := time.Unix(1, 0)
	second := l.tick()
	for c := range l.open {
		switch by, p := c.late(second, l.closed); {
		case by <= 0:
		case p == answering || by > toldWithin: // a handshake writes while it reads
			_ = c.Conn.SetDeadline(longAgo)
		default:
			_ = c.Conn.SetReadDeadline(longAgo)
		}
	}
}
