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

// conn is a connection of the public listener. If the server answers a request without reading all of
// its body, Close does not lose the answer: a plain close would reset the connection, the client's write
// would fail, and the client might never see the 413 (RFC 9112 section 9.6).
type conn struct {
	net.Conn
	listener    *listener
	unknown     *list.Element // in listener.unknown, nil if the caller is known; guarded by listener.mu
	known       atomic.Bool   // a request on this connection came from a known caller
	busy        atomic.Bool   // a request is in progress
	active      bool          // fasthttp has called stateChanged with StateActive; for fasthttp's goroutine only
	bodyUnread  atomic.Bool   // the request is answered, but its body is not read to the end
	phase       phaseStart
	handshaking atomic.Bool // the TLS handshake is not finished
}

// markKnown notes that the connection's caller is known.
func (c *conn) markKnown() {
	if !c.known.Load() && c.known.CompareAndSwap(false, true) {
		c.listener.protect(c)
	}
}

// Close closes the connection. If a body is not read to the end, Close first discards input until the
// client closes, for lingerTime and lingerBytes at most.
func (c *conn) Close() error {
	if tcp, ok := c.Conn.(*net.TCPConn); ok && c.bodyUnread.Swap(false) {
		c.setPhase(writing)
		if tcp.CloseWrite() == nil && tcp.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
			_, _ = io.CopyN(io.Discard, tcp, lingerBytes)
		}
	}
	c.listener.mu.Lock()
	c.listener.remove(c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}

// markBodyUnread notes that the connection's request will not be read to the end.
func markBodyUnread(nc net.Conn) {
	if c := connOf(nc); c != nil {
		c.bodyUnread.Store(true)
	}
}

// Read notes with the first byte that a request is in progress.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && !c.busy.Load() {
		c.busy.Store(true)
	}
	return n, err
}

// Write notes that the answer begins, if a request is being decided. A TLS handshake writes in another
// phase.
func (c *conn) Write(b []byte) (int, error) {
	if p, _ := c.phase.get(); p == deciding {
		c.setPhase(writing)
	}
	return c.Conn.Write(b)
}

// stateChanged is fasthttp's ConnState hook. fasthttp sets StateActive before the first request has
// arrived, and later from the first byte of a request to the end of its answer.
func stateChanged(nc net.Conn, state fasthttp.ConnState) {
	c := connOf(nc)
	if c == nil {
		return
	}
	switch state {
	case fasthttp.StateActive:
		c.setPhase(reading)
		c.busy.Store(c.active)
		c.active = true
	case fasthttp.StateIdle:
		c.setPhase(idle)
		c.busy.Store(false)
	default:
	}
}
