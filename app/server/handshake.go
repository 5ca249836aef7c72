package server

import (
	"context"
	"crypto/tls"
	"net"
)

// handshakeGrace is how many seconds a TLS handshake may take after the listener was closed. A MinIO
// that asks has finished its handshake by then; an unknown caller who never finishes must not make a
// stop last until server.shutdown_grace is over.
const handshakeGrace = 2

// tlsListener makes TLS connections that know whether their handshake is over.
type tlsListener struct {
	net.Listener
	config *tls.Config
}

// Accept returns the next connection, before its handshake.
func (l *tlsListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	below := connOf(nc)
	below.handshaking.Store(true)
	return &tlsConn{tls.Server(nc, l.config), below}, nil
}

type tlsConn struct {
	*tls.Conn
	below *conn
}

// Read finishes the handshake before it reads.
func (c *tlsConn) Read(b []byte) (int, error) {
	if c.below.handshaking.Load() {
		if err := c.HandshakeContext(context.Background()); err != nil {
			return 0, err
		}
		c.below.handshaking.Store(false)
	}
	return c.Conn.Read(b)
}
