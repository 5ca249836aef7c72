package server

import (
	"container/list"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

const (
	lingerTime  = 2 * time.Second
	lingerBytes = 64 << 20
)

// conn is a connection that can be closed without losing the answer. A server
// that answers a request whose body it has not read, and then closes, resets the
// connection: the sender finds its write failed and may never see the 413
// (RFC 9112 section 9.6).
type conn struct {
	net.Conn
	from        *listener
	unknown     *list.Element // its place in from.unknown, nil if the caller is known; of from.mu
	known       atomic.Bool   // a request on it showed that it may ask
	busy        atomic.Bool   // a request is under way
	begun       bool          // fasthttp reads requests; of fasthttp's goroutine
	unread      atomic.Bool   // its request was answered before it was read
	since       since         // what it is about
	handshaking atomic.Bool   // over TLS, and the handshake is not finished
}

// know marks a connection as one of those who may ask.
func (c *conn) know() {
	if !c.known.Load() && c.known.CompareAndSwap(false, true) {
		c.from.know(c)
	}
}

// Close reads on for a while, where there is something unread, and then closes.
func (c *conn) Close() error {
	if tcp, ok := c.Conn.(*net.TCPConn); ok && c.unread.Swap(false) {
		c.enter(answering)
		if tcp.CloseWrite() == nil && tcp.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
			_, _ = io.CopyN(io.Discard, tcp, lingerBytes) // whatever comes is thrown away
		}
	}
	c.from.mu.Lock()
	c.from.forget(c)
	c.from.mu.Unlock()
	return c.Conn.Close()
}

// leaveUnread marks a connection whose request will not be read to its end.
func leaveUnread(nc net.Conn) {
	if c := connOf(nc); c != nil {
		c.unread.Store(true)
	}
}

// Read finds that a request is under way by its first byte.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && !c.busy.Load() {
		c.busy.Store(true)
	}
	return n, err
}

// Write begins to answer. A TLS handshake writes too, and answers nothing.
func (c *conn) Write(b []byte) (int, error) {
	if p, _ := c.since.get(); p == deciding {
		c.enter(answering)
	}
	return c.Conn.Write(b)
}

// stateChanged is told by fasthttp. It calls a connection active before the first
// request has come, and thereafter from a request's first byte to its answer.
func stateChanged(nc net.Conn, state fasthttp.ConnState) {
	c := connOf(nc)
	if c == nil {
		return
	}
	switch state {
	case fasthttp.StateActive:
		c.enter(reading)
		c.busy.Store(c.begun)
		c.begun = true
	case fasthttp.StateIdle:
		c.enter(idle)
		c.busy.Store(false)
	default:
	}
}
