package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/claimgate/claimgate/app/audit"
	"github.com/claimgate/claimgate/app/dialect"
	"github.com/claimgate/claimgate/app/dialect/decoder"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/gofiber/fiber/v3"
	"github.com/rs/zerolog"
	"github.com/valyala/fasthttp"
)

const headerBytes = 16 << 10

// Options configure a Server.
type Options struct {
	Gateway *gateway.Gateway
	Callers *Callers
	Audit   *audit.Log
	Metrics *Metrics
	Log     zerolog.Logger
	// Logout ends the sessions that a logout token names. If nil, logout tokens get 404.
	Logout func(ctx context.Context, token string) error
	// Endpoints are the dialects by the paths at which servers send requests. At least one is required.
	Endpoints map[string]*dialect.Dialect
	// MaxBody bounds a request's body, in bytes.
	MaxBody int
	// ClientCertificate requires that a known caller also has a client certificate that the TLS
	// configuration's ClientCAs verify.
	ClientCertificate bool
	// MaxConnections bounds how many connections are open.
	MaxConnections int
}

// Server answers MinIO's requests. Use New to make one.
type Server struct {
	o         Options
	app       *fiber.App
	remoteApp *fiber.App // serves other machines if only this machine may send requests; otherwise nil
	listener  atomic.Pointer[listener]
	draining  atomic.Bool
	logouts   *logouts
	refusals  refusals
	decoders  map[string]*decoder.Decoder // by path
}

// New makes a Server. Call Serve to answer requests.
func New(o Options) *Server {
	s := &Server{o: o, decoders: map[string]*decoder.Decoder{}, refusals: newRefusals(o.Metrics.unwritten, o.Log)}
	for path, d := range o.Endpoints {
		s.decoders[path] = &decoder.Decoder{Dialect: d, Evidence: o.Gateway.EvidenceKeys(d.Server)}
	}
	s.logouts = newLogouts(o.Logout, o.Metrics.logouts, o.Log)
	s.app = s.newApp(o.MaxBody)
	if !o.Callers.Required() {
		s.remoteApp = s.newApp(min(maxUnknownBody, o.MaxBody))
	}
	return s
}

func (s *Server) newApp(maxBody int) *fiber.App {
	app := fiber.New(fiber.Config{
		AppName:        "claimgate",
		BodyLimit:      maxBody,
		ReadBufferSize: headerBytes,
		// Fiber's timeouts are not set: see deadline.go.
		StrictRouting: true,
		CaseSensitive: true,
		ErrorHandler: func(c fiber.Ctx, err error) error {
			s.handleError(c.RequestCtx(), err)
			return nil
		},
		// A HEAD request to the logout path is not a logout. UnescapePath and TrustProxy are off by
		// default: %2F in a path stays as sent, and a proxy's headers are ignored.
		DisableHeadAutoRegister: true,
	})
	fast := app.Server()
	fast.ConnState = stateChanged
	fast.SecureErrorLogMessage = true
	fast.HeaderReceived = s.bodyLimit
	fast.ErrorHandler = s.handleError
	inner := fast.Handler
	fast.Handler = func(c *fasthttp.RequestCtx) { s.handle(c, inner) }
	if s.o.Logout != nil {
		app.Post(logoutPath, s.logouts.serve)
	}
	app.Use(s.notFound)
	return app
}

// quiet keeps Fiber from printing.
var quiet = fiber.ListenConfig{DisableStartupMessage: true}

// Serve answers requests on ln until Shutdown, over TLS unless tlsConfig is nil. Call it once.
func (s *Server) Serve(ln net.Listener, tlsConfig *tls.Config) error {
	public := newListener(ln, s.o.MaxConnections, &s.o.Metrics.connections, s.o.Log)
	if s.remoteApp != nil {
		public.remote = &remoteListener{public: public, conns: make(chan net.Conn), closed: make(chan struct{})}
	}
	s.listener.Store(public)
	withTLS := func(l net.Listener) net.Listener {
		if tlsConfig == nil {
			return l
		}
		return &tlsListener{l, tlsConfig}
	}
	if s.remoteApp == nil {
		return s.app.Listener(withTLS(public), quiet)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.remoteApp.Listener(withTLS(public.remote), quiet) }()
	err := s.app.Listener(withTLS(public), quiet)
	return errors.Join(err, public.Close(), <-ended)
}

// handle handles every request. It answers MinIO's authorization requests; Fiber routes the other
// requests. A panic does not end the server, and Fiber never writes an answer of its own.
func (s *Server) handle(c *fasthttp.RequestCtx, inner fasthttp.RequestHandler) {
	if conn := connOf(c.Conn()); conn != nil {
		conn.setPhase(deciding)
	}
	defer s.answerAfterPanic(c)
	defer func() {
		if p := recover(); p != nil {
			s.o.Log.Error().Str("panic", fmt.Sprint(p)).Msg("a request panicked: please report this as a defect")
			s.refuse(c, &answer{started: c.Time()}, gateway.InternalError, "a panic")
		}
		if s.draining.Load() {
			c.SetConnectionClose()
		}
	}()
	if !slices.Contains(fiber.DefaultMethods, string(c.Method())) {
		markBodyUnread(c.Conn())
		c.SetConnectionClose()
		s.refuse(c, &answer{started: c.Time(), status: fiber.StatusMethodNotAllowed}, gateway.RequestMalformed, "the method is not POST")
		return
	}
	if wrong := misframed(&c.Request.Header); wrong != "" {
		markBodyUnread(c.Conn())
		c.SetConnectionClose()
		s.refuse(c, &answer{started: c.Time(), status: fiber.StatusBadRequest}, gateway.RequestMalformed, wrong)
		return
	}
	if c.IsPost() {
		if d := s.decoders[string(c.URI().PathOriginal())]; d != nil {
			s.authorize(c, d)
			return
		}
	}
	inner(c)
}

// answerAfterPanic is deferred. It denies if writing an answer panics, for example because of a defect
// in the decision log or in the metrics.
func (s *Server) answerAfterPanic(c *fasthttp.RequestCtx) {
	p := recover()
	if p == nil {
		return
	}
	c.Response.Reset()
	c.Response.SetStatusCode(fiber.StatusInternalServerError)
	c.Response.Header.SetContentType(fiber.MIMEApplicationJSON)
	c.Response.SetBodyString(dialect.Deny)
	c.SetConnectionClose()
	defer func() { _ = recover() }() // the program's log may have caused the panic
	s.o.Log.Error().Str("panic", fmt.Sprint(p)).Msg("an answer panicked: please report this as a defect")
}

// refuse answers a request with a refusal.
func (s *Server) refuse(c *fasthttp.RequestCtx, a *answer, reason gateway.Reason, detail string) {
	a.refuse(s.o.Gateway, reason, detail)
	s.reply(c, a)
}

// notFound answers a request with another path or method.
func (s *Server) notFound(c fiber.Ctx) error {
	a := answer{started: c.RequestCtx().Time(), status: fiber.StatusNotFound, known: s.known(c.RequestCtx())}
	detail := "the path is neither server.path nor that of an endpoint"
	if s.decoders[c.Path()] != nil {
		a.status, detail = fiber.StatusMethodNotAllowed, "the method is not POST"
		c.Response().Header.Set(fiber.HeaderAllow, fiber.MethodPost)
	}
	a.refuse(s.o.Gateway, gateway.RequestMalformed, detail)
	s.reply(c.RequestCtx(), &a)
	return nil
}

// handleError answers a request that fasthttp refuses before it calls a handler: the body or the header is
// too large, or the request is not HTTP. It replaces Fiber's error handler, which would also call the
// handlers.
func (s *Server) handleError(c *fasthttp.RequestCtx, err error) {
	defer s.answerAfterPanic(c)
	if conn := connOf(c.Conn()); conn != nil {
		conn.setPhase(writing)
	}
	markBodyUnread(c.Conn())
	a := answer{started: time.Now(), status: statusOf(err)}
	if a.status == fiber.StatusRequestEntityTooLarge && s.decoders[string(c.Path())] != nil {
		if a.known = s.known(c); !a.known {
			a.status = 0
			a.refuse(s.o.Gateway, gateway.CallerUnknown, unknownCaller)
			s.reply(c, &a)
			return
		}
	}
	// fasthttp's error texts quote the request, and with it the caller token. So they are not used.
	detail := "the HTTP request is malformed"
	switch a.status {
	case fiber.StatusRequestEntityTooLarge:
		detail = "the body is larger than server.max_body"
	case fiber.StatusBadRequest:
	default:
		detail = "the HTTP request was refused: " + http.StatusText(a.status)
	}
	a.refuse(s.o.Gateway, gateway.RequestMalformed, detail)
	s.reply(c, &a)
}

// statusOf returns the HTTP status for an error of fasthttp or Fiber.
func statusOf(err error) int {
	var timeout interface{ Timeout() bool }
	var status *fiber.Error
	switch {
	case errors.As(err, &status):
		return status.Code
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		return fiber.StatusRequestEntityTooLarge
	case errors.As(err, new(*fasthttp.ErrSmallBuffer)):
		return fiber.StatusRequestHeaderFieldsTooLarge
	case errors.As(err, &timeout) && timeout.Timeout():
		return fiber.StatusRequestTimeout
	}
	return fiber.StatusBadRequest
}
