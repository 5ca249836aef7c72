package server

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claimgate/claimgate/app/audit"
	"github.com/claimgate/claimgate/app/dialect/minio"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/gofiber/fiber/v2"
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
	// Logout takes logout tokens, nil where nobody does.
	Logout func(ctx context.Context, token string) error
	// Path is that of MINIO_POLICY_PLUGIN_URL.
	Path string
	// MaxBody is the largest body in bytes.
	MaxBody int
	// ClientCertificate: who asks must have shown a certificate that the TLS
	// configuration's ClientCAs vouch for, as well as be known.
	ClientCertificate bool
	// MaxConnections is how many connections are open at most.
	MaxConnections int
}

// Server answers MinIO. Make it with New.
type Server struct {
	o        Options
	app      *fiber.App
	apart    *fiber.App // serves who is not on this machine where only this machine may ask, else nil
	listener atomic.Pointer[listener]
	draining atomic.Bool
	logouts  *logouts
	refusals refusals
	decoder  minio.Decoder
}

// New makes a Server that does not listen yet.
func New(o Options) *Server {
	s := &Server{o: o, refusals: newRefusals(o.Metrics.unwritten, o.Log)}
	s.logouts = newLogouts(o.Logout, o.Metrics.logouts, o.Log)
	s.app = s.newApp(o.MaxBody)
	if !o.Callers.Required() {
		s.apart = s.newApp(min(anybodysBody, o.MaxBody))
	}
	return s
}

func (s *Server) newApp(maxBody int) *fiber.App {
	app := fiber.New(fiber.Config{
		AppName:               "claimgate",
		DisableStartupMessage: true,
		BodyLimit:             maxBody,
		ReadBufferSize:        headerBytes,
		// Its timeouts are not set: see deadline.go.
		StrictRouting: true,
		CaseSensitive: true,
		ErrorHandler:  s.failed,
		// Fiber would otherwise decode %2F in paths and trust proxy headers.
		UnescapePath: false, EnableTrustedProxyCheck: true,
	})
	fast := app.Server()
	fast.ConnState = stateChanged
	fast.SecureErrorLogMessage = true
	fast.HeaderReceived = s.bodyLimit
	inner := fast.Handler
	fast.Handler = func(c *fasthttp.RequestCtx) { s.outermost(c, inner) }
	if s.o.Logout != nil {
		app.Post(logoutPath, s.logouts.serve)
	}
	app.Use(s.unknown)
	return app
}

// Serve answers on ln until Shutdown.
func (s *Server) Serve(ln net.Listener, tlsConfig *tls.Config) error {
	ours := newListener(ln, s.o.MaxConnections, &s.o.Metrics.connections, s.o.Log)
	if s.apart != nil {
		ours.apart = &elsewhere{from: ours, given: make(chan net.Conn), closed: make(chan struct{})}
	}
	s.listener.Store(ours)
	under := func(l net.Listener) net.Listener {
		if tlsConfig == nil {
			return l
		}
		return tls.NewListener(l, tlsConfig)
	}
	if s.apart == nil {
		return s.app.Listener(under(ours))
	}
	ended := make(chan error, 1)
	go func() { ended <- s.apart.Listener(under(ours.apart)) }()
	err := s.app.Listener(under(ours))
	return errors.Join(err, ours.Close(), <-ended)
}

// outermost is what every request passes through: nothing that goes wrong inside
// ends the server, and no answer is Fiber's own. MinIO's questions are answered
// here; Fiber has the rest.
func (s *Server) outermost(c *fasthttp.RequestCtx, inner fasthttp.RequestHandler) {
	if conn := ours(c.Conn()); conn != nil {
		conn.enter(deciding)
	}
	defer s.lastResort(c)
	defer func() {
		if p := recover(); p != nil {
			s.o.Log.Error().Str("panic", fmt.Sprint(p)).Msg("a request panicked: please report this as a defect")
			s.answerRaw(c, &answer{started: c.Time()}, gateway.InternalError, "a panic")
		}
		if s.draining.Load() {
			c.SetConnectionClose()
		}
	}()
	if !slices.Contains(fiber.DefaultMethods, string(c.Method())) {
		leaveUnread(c.Conn())
		c.SetConnectionClose()
		s.answerRaw(c, &answer{started: c.Time(), status: fiber.StatusMethodNotAllowed}, gateway.RequestMalformed, "the method is not POST")
		return
	}
	if wrong := misframed(&c.Request.Header); wrong != "" {
		leaveUnread(c.Conn())
		c.SetConnectionClose()
		s.answerRaw(c, &answer{started: c.Time(), status: fiber.StatusBadRequest}, gateway.RequestMalformed, wrong)
		return
	}
	if c.IsPost() && string(c.URI().PathOriginal()) == s.o.Path {
		s.authorize(c)
		return
	}
	inner(c)
}

// lastResort, deferred, answers by hand where answering itself panics, as a defect
// in the decision log or the metrics does to every answer.
func (s *Server) lastResort(c *fasthttp.RequestCtx) {
	p := recover()
	if p == nil {
		return
	}
	c.Response.Reset()
	c.Response.SetStatusCode(fiber.StatusInternalServerError)
	c.Response.Header.SetContentType(fiber.MIMEApplicationJSON)
	c.Response.SetBodyString(minio.Deny)
	c.SetConnectionClose()
	defer func() { _ = recover() }() // the program's log may be what panics
	s.o.Log.Error().Str("panic", fmt.Sprint(p)).Msg("an answer panicked: please report this as a defect")
}

func (s *Server) answerRaw(c *fasthttp.RequestCtx, a *answer, reason gateway.Reason, detail string) {
	a.refuse(s.o.Gateway, reason, detail)
	s.reply(c, a)
}

// answer is what one request is told, and what the log is told of it.
type answer struct {
	started  time.Time
	request  *gateway.Request
	decision gateway.Decision
	status   int
	probe    bool
	known    bool // the caller may ask
}

// question is what one question of MinIO's takes. It is used again for others,
// and is empty in between: what a request brought lives in its own question only,
// and no longer than until the log has its line.
type question struct {
	answer
	body gateway.Request
	doc  strictjson.Document
}

var questions = sync.Pool{New: func() any { return new(question) }}

func (q *question) release() {
	q.answer, q.body = answer{}, gateway.Request{}
	q.doc.Reset()
	questions.Put(q)
}

// authorize answers one question of MinIO's.
func (s *Server) authorize(c *fasthttp.RequestCtx) {
	q := questions.Get().(*question)
	q.started = c.Time()
	defer func() {
		// A defect in the decision must not end the server, and must not allow.
		if p := recover(); p != nil {
			s.o.Log.Error().Str("panic", fmt.Sprint(p)).Msg("a decision panicked: please report this as a defect")
			q.refuse(s.o.Gateway, gateway.InternalError, "a panic")
		}
		s.reply(c, &q.answer)
		q.release()
	}()
	if !s.known(c) {
		q.refuse(s.o.Gateway, gateway.CallerUnknown, unknownCaller)
		return
	}
	q.known = true
	// The raw body: one that claims to be compressed is not unpacked.
	var err error
	body := c.Request.Body()
	q.body, err = s.decoder.Decode(body, &q.doc)
	switch {
	case errors.Is(err, minio.ErrProbe):
		q.probe = true
	case err != nil:
		q.refuse(s.o.Gateway, gateway.RequestMalformed, err.Error())
	default:
		q.request = &q.body
		s.o.Gateway.DecideInto(context.Background(), &q.body, &q.decision)
		if q.decision.Allow() {
			s.decoder.Keep(body, &q.body, &q.doc)
		}
	}
}

const unknownCaller = "the Authorization header is not one of server.caller_tokens, or there is no certificate by server.client_ca"

func (a *answer) refuse(g *gateway.Gateway, reason gateway.Reason, detail string) {
	a.decision = gateway.Decision{ID: g.NextID(), Reason: reason, Detail: detail}
}

// known reports whether the caller may ask. Two Authorization headers are one
// too many.
func (s *Server) known(c *fasthttp.RequestCtx) bool {
	values := c.Request.Header.PeekAll(fiber.HeaderAuthorization)
	if len(values) > 1 {
		return false
	}
	var value []byte
	if len(values) == 1 {
		value = values[0]
	}
	if !s.o.Callers.Know(value, c.RemoteIP()) || s.o.ClientCertificate && !certified(c.TLSConnectionState()) {
		return false
	}
	if conn := ours(c.Conn()); conn != nil {
		conn.know()
	}
	return true
}

// certified reports whether a connection's client has shown a certificate that
// was verified.
func certified(state *tls.ConnectionState) bool { return state != nil && len(state.VerifiedChains) > 0 }

// reply writes the log and then the answer, once and whole. It is the one place
// where a body can say true.
func (s *Server) reply(c *fasthttp.RequestCtx, a *answer) {
	c.Response.Header.SetContentType(fiber.MIMEApplicationJSON)
	if a.probe {
		c.Response.SetBodyString(minio.Deny)
		return
	}
	if a.status == 0 {
		a.status = status(a.decision.Reason)
	}
	s.record(c, a)
	if !a.known {
		c.SetConnectionClose() // a stranger keeps no connection
	}
	d := &a.decision
	c.Response.SetStatusCode(a.status)
	var id [2 * len(d.ID)]byte
	hex.Encode(id[:], d.ID[:])
	c.Response.Header.SetCanonical(headerReason, []byte(d.Reason))
	c.Response.Header.SetCanonical(headerDecision, id[:])
	if a.status == fiber.StatusOK {
		c.Response.SetBodyString(minio.Answer(d.Allow()))
	} else {
		c.Response.SetBodyString(`{"result":false,"error":"` + string(d.Reason) + `"}`)
	}
}

// In the form that fasthttp would make of them.
var (
	headerReason   = []byte("X-Claimgate-Reason")
	headerDecision = []byte("X-Claimgate-Decision")
)

// status is the HTTP status of an answer. A decision is 200 whichever way it
// went: the question was answered.
func status(r gateway.Reason) int {
	switch r {
	case gateway.RequestMalformed:
		return fiber.StatusBadRequest
	case gateway.CallerUnknown:
		return fiber.StatusUnauthorized
	case gateway.Overloaded, gateway.KeysUnavailable, gateway.RevocationUnknown:
		return fiber.StatusServiceUnavailable
	case gateway.InternalError:
		return fiber.StatusInternalServerError
	default:
		return fiber.StatusOK
	}
}

// record writes the line of an answer. An allow that counts only with its line
// becomes a deny where there is none: nothing has been answered yet.
func (s *Server) record(c *fasthttp.RequestCtx, a *answer) {
	took := time.Since(a.started)
	if !s.refusals.written(a) {
		s.o.Metrics.decided(a.decision.Reason, took)
		return
	}
	entry := audit.Entry{
		Time: a.started, Peer: c.RemoteIP(), Status: a.status, Duration: took,
		Request: a.request, Decision: &a.decision,
	}
	// What fails is told by the log itself (audit.Notify), not line by line.
	if err := s.o.Audit.Write(&entry); err != nil && a.decision.Allow() && s.o.Audit.Denies() {
		a.unlogged(err)
		entry.Status = a.status
		s.o.Audit.Instead(&entry)
	}
	s.o.Metrics.decided(a.decision.Reason, took)
}

// unlogged makes a deny of an allow that has no line.
func (a *answer) unlogged(err error) {
	d := &a.decision
	d.Reason = gateway.InternalError
	if errors.Is(err, audit.ErrStalled) {
		d.Reason = gateway.Overloaded
	}
	d.Detail = "it would be allowed, but the decision log cannot be written: " + err.Error()
	d.Hint = `make room for audit.output; audit.on_failure = "continue" allows without a line`
	a.status = status(d.Reason)
}

// unknown answers whatever is no question: another path or method.
func (s *Server) unknown(c *fiber.Ctx) error {
	a := answer{started: c.Context().Time(), status: fiber.StatusNotFound, known: s.known(c.Context())}
	detail := "the path is not server.path"
	if c.Path() == s.o.Path {
		a.status, detail = fiber.StatusMethodNotAllowed, "the method is not POST"
		c.Response().Header.Set(fiber.HeaderAllow, fiber.MethodPost)
	}
	a.refuse(s.o.Gateway, gateway.RequestMalformed, detail)
	s.reply(c.Context(), &a)
	return nil
}

// failed answers what Fiber refuses before a handler sees it: too large a body
// or header, or no HTTP at all.
func (s *Server) failed(c *fiber.Ctx, err error) error {
	defer s.lastResort(c.Context())
	if conn := ours(c.Context().Conn()); conn != nil {
		conn.enter(answering)
	}
	a := answer{started: time.Now(), status: fiber.StatusBadRequest}
	leaveUnread(c.Context().Conn())
	var fe *fiber.Error
	// The texts are ours: fasthttp's quote what was sent, the caller token with it.
	detail := "the HTTP request is malformed"
	switch {
	case errors.Is(err, fasthttp.ErrBodyTooLarge) || (errors.As(err, &fe) && fe.Code == fiber.StatusRequestEntityTooLarge):
		if c.Path() == s.o.Path {
			if a.known = s.known(c.Context()); !a.known {
				a.refuse(s.o.Gateway, gateway.CallerUnknown, unknownCaller)
				a.status = 0
				s.reply(c.Context(), &a)
				return nil
			}
		}
		a.status, detail = fiber.StatusRequestEntityTooLarge, "the body is larger than server.max_body"
	case fe != nil && fe.Code >= 400:
		a.status, detail = fe.Code, "the HTTP request was refused: "+http.StatusText(fe.Code)
	}
	a.refuse(s.o.Gateway, gateway.RequestMalformed, detail)
	s.reply(c.Context(), &a)
	return nil
}
