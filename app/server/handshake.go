package server

import (
	"context"
	"crypto/tls"
	"net"
)

// handshakeGrace is the timeout of a TLS handshake in seconds, once the listener is closed. MinIO
// finishes its handshake in that time. A client that never finishes must not delay a stop until
// server.shutdown_grace is over.
const handshakeGrace = 2

// tlsListener accepts TLS connections that note whether their handshake is finished.
type tlsListener struct {
	net.Listener
	config *tls.Config
}

// Accept returns the next connection without waiting for its handshake.
func (l *tlsListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	inner := connOf(nc)
	inner.handshaking.Store(true)
	return &tlsConn{tls.Server(nc, l.config), inner}, nil
}

type tlsConn struct {
	*tls.Conn
	inner *conn
}

// Read finishes the handshake before it reads.
func (c *tlsConn) Read(b []byte) (int, error) {
	if c.inner.handshaking.Load() {
		if err := c.HandshakeContext(context.Background()); err != nil {
			return 0, err
		}
		c.inner.handshaking.Store(false)
	}
	return c.Conn.Read(b)
}
