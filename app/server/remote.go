package server

import (
	"net"

	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"
)

// maxUnknownBody bounds the body of a request from an unknown caller, in bytes: a logout token fits,
// and an unknown caller cannot fill the memory.
const maxUnknownBody = 64 << 10

// bodyLimit bounds a request's body after the header was read and before the body is read.
func (s *Server) bodyLimit(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	if s.o.Callers.Required() && !s.o.Callers.Know(h.Peek(fiber.HeaderAuthorization), nil) {
		return fasthttp.RequestConfig{MaxRequestBodySize: min(maxUnknownBody, s.o.MaxBody)}
	}
	return fasthttp.RequestConfig{}
}

// remoteListener returns the connections from other machines. It exists only if there are no caller
// tokens. Then other machines may not send requests. A second fasthttp server serves these
// connections with a smaller body limit, because HeaderReceived does not tell which connection a header
// came from.
type remoteListener struct {
	public *listener
	conns  chan net.Conn
	closed chan struct{} // closed with the public listener
}

// deliver waits until Accept returns c. It closes c if the public listener is closed.
func (r *remoteListener) deliver(c net.Conn) {
	select {
	case r.conns <- c:
	case <-r.closed:
		_ = c.Close()
	}
}

// Accept returns the next connection from another machine.
func (r *remoteListener) Accept() (net.Conn, error) {
	select {
	case c := <-r.conns:
		return c, nil
	case <-r.closed:
		return nil, net.ErrClosed
	}
}

// Close does nothing: the public listener closes the connections.
func (r *remoteListener) Close() error { return nil }

// Addr returns the address of the public listener.
func (r *remoteListener) Addr() net.Addr { return r.public.Addr() }

func onThisMachine(c net.Conn) bool {
	a, ok := c.RemoteAddr().(*net.TCPAddr)
	return ok && a.IP.IsLoopback()
}
