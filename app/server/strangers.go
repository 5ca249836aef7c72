package server

import (
	"net"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// anybodysBody is how much is read of a request whose caller is not known: a
// logout token fits, and a stranger cannot fill the memory.
const anybodysBody = 64 << 10

// bodyLimit bounds a request's body once its header is there, before any of the
// body is read.
func (s *Server) bodyLimit(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	if s.o.Callers.Required() && !s.o.Callers.Know(h.Peek(fiber.HeaderAuthorization), nil) {
		return fasthttp.RequestConfig{MaxRequestBodySize: min(anybodysBody, s.o.MaxBody)}
	}
	return fasthttp.RequestConfig{}
}

// remoteListener gives out the connections of those who are not on this machine and,
// since there are no caller tokens, may not ask. They are served apart: fasthttp
// does not say whose header it is when it asks for the body's limit.
type remoteListener struct {
	from   *listener
	given  chan net.Conn
	closed chan struct{} // with the listener that they come from
}

func (e *remoteListener) give(c net.Conn) {
	select {
	case e.given <- c:
	case <-e.closed:
		_ = c.Close()
	}
}

// Accept is that of a net.Listener.
func (e *remoteListener) Accept() (net.Conn, error) {
	select {
	case c := <-e.given:
		return c, nil
	case <-e.closed:
		return nil, net.ErrClosed
	}
}

// Close leaves it to the listener that the connections come from.
func (e *remoteListener) Close() error { return nil }

// Addr is that of the listener that the connections come from.
func (e *remoteListener) Addr() net.Addr { return e.from.Addr() }

func onThisMachine(c net.Conn) bool {
	a, ok := c.RemoteAddr().(*net.TCPAddr)
	return ok && a.IP.IsLoopback()
}
