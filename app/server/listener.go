package server

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

const (
	lingerTime  = 2 * time.Second
	lingerBytes = 64 << 20
)

// listener gives out connections that can be closed without losing the answer. A
// server that answers a request whose body it has not read, and then closes,
// resets the connection: the sender finds its write failed and may never see
// the 413 (RFC 9112 section 9.6).
//
// It also goes on where accepting fails, as when the process has no file
// descriptor left: fasthttp would end the server, and MinIO then deny everybody.
type listener struct {
	net.Listener
	log zerolog.Logger

	mu     sync.Mutex
	silent map[*conn]struct{} // connections that have sent nothing yet
}

func newListener(l net.Listener, log zerolog.Logger) *listener {
	return &listener{Listener: l, log: log, silent: make(map[*conn]struct{})}
}

func (l *listener) Accept() (net.Conn, error) {
	const longest = time.Second
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, longest) {
		accepted, err := l.Listener.Accept()
		if err == nil {
			c := &conn{Conn: accepted, from: l}
			l.mu.Lock()
			l.silent[c] = struct{}{}
			l.mu.Unlock()
			return c, nil
		}
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		l.log.Error().Err(err).Stringer("again_in", wait).Msg("a connection could not be accepted")
		time.Sleep(wait)
	}
}

// closeSilent closes the connections that have sent nothing: a stop need not
// wait for a request that nobody has begun.
func (l *listener) closeSilent() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.silent {
		_ = c.Conn.Close() // its reader is told, and closes it again
	}
}

func (l *listener) heard(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.silent, c)
}

type conn struct {
	net.Conn
	from   *listener
	spoke  atomic.Bool // it has sent something
	unread atomic.Bool // its request was answered before it was read
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && c.spoke.CompareAndSwap(false, true) {
		c.from.heard(c)
	}
	return n, err
}

// Close reads on for a while, where there is something unread, and then closes.
func (c *conn) Close() error {
	c.from.heard(c)
	if tcp, ok := c.Conn.(*net.TCPConn); ok && c.unread.Swap(false) {
		if tcp.CloseWrite() == nil && tcp.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
			_, _ = io.CopyN(io.Discard, tcp, lingerBytes) // whatever comes is thrown away
		}
	}
	return c.Conn.Close()
}

// leaveUnread marks a connection whose request will not be read to its end.
func leaveUnread(nc net.Conn) {
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn()
	}
	if c, ok := nc.(*conn); ok {
		c.unread.Store(true)
	}
}
