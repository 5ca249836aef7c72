package server

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/claimgate/claimgate/app/audit"
	"github.com/claimgate/claimgate/app/dialect"
	"github.com/claimgate/claimgate/app/dialect/decoder"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"
)

// answer is the answer to one request, with the data for its log line.
type answer struct {
	started  time.Time
	request  *gateway.Request
	decision gateway.Decision
	status   int
	probe    bool
	known    bool // the caller may send requests
}

// question holds the memory for one request. Questions are pooled, and a question in the pool is
// empty. A request's data stays in its question until the log line is written.
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

// authorize answers one question in the dialect of the decoder.
func (s *Server) authorize(c *fasthttp.RequestCtx, decoder *decoder.Decoder) {
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
	// Body returns the raw body: a Content-Encoding is ignored.
	var err error
	body := c.Request.Body()
	q.body, err = decoder.Decode(body, &q.doc)
	switch {
	case errors.Is(err, dialect.ErrProbe):
		q.probe = true
	case err != nil:
		q.refuse(s.o.Gateway, gateway.RequestMalformed, err.Error())
	default:
		q.request = &q.body
		s.o.Gateway.DecideInto(context.Background(), &q.body, &q.decision)
		if q.decision.Allow() {
			decoder.Keep(body, &q.body, &q.doc)
		}
	}
}

const unknownCaller = "the Authorization header is not one of server.caller_tokens, or there is no certificate by server.client_ca"

func (a *answer) refuse(g *gateway.Gateway, reason gateway.Reason, detail string) {
	a.decision = gateway.Decision{ID: g.NextID(), Reason: reason, Detail: detail}
}

// known reports whether the caller may send requests. If so, known also protects the connection from being
// closed to make room. Two Authorization headers are refused.
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
	if conn := connOf(c.Conn()); conn != nil {
		conn.markKnown()
	}
	return true
}

// certified reports whether the client of a connection has shown a verified certificate.
func certified(state *tls.ConnectionState) bool { return state != nil && len(state.VerifiedChains) > 0 }

// reply writes the log line, then the whole answer. No other code writes a body that says true.
func (s *Server) reply(c *fasthttp.RequestCtx, a *answer) {
	c.Response.Header.SetContentType(fiber.MIMEApplicationJSON)
	if a.probe {
		c.Response.SetBodyString(dialect.Deny)
		return
	}
	if a.status == 0 {
		a.status = status(a.decision.Reason)
	}
	s.record(c, a)
	if !a.known {
		c.SetConnectionClose() // an unknown caller does not keep a connection
	}
	d := &a.decision
	c.Response.SetStatusCode(a.status)
	var id [2 * len(d.ID)]byte
	hex.Encode(id[:], d.ID[:])
	c.Response.Header.SetCanonical(headerReason, []byte(d.Reason))
	c.Response.Header.SetCanonical(headerDecision, id[:])
	if a.status == fiber.StatusOK {
		c.Response.SetBodyString(dialect.Answer(d.Allow()))
	} else {
		c.Response.SetBodyString(`{"result":false,"error":"` + string(d.Reason) + `"}`)
	}
}

// The names in fasthttp's canonical form.
var (
	headerReason   = []byte("X-Claimgate-Reason")
	headerDecision = []byte("X-Claimgate-Decision")
)

// status returns the HTTP status for a reason. The status of a decision is 200, for a deny as for an
// allow.
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

// record writes the log line of an answer. If the line cannot be written and the log is
// required, an allow becomes a deny: nothing has been answered yet.
func (s *Server) record(c *fasthttp.RequestCtx, a *answer) {
	took := time.Since(a.started)
	if !s.refusals.shouldLog(a) {
		s.o.Metrics.decided(&a.decision, took)
		return
	}
	entry := audit.Entry{
		Time: a.started, Peer: c.RemoteIP(), Status: a.status, Duration: took,
		Request: a.request, Decision: &a.decision,
	}
	// The log itself reports a failure (audit.Notify), so the error of each line is not logged.
	if err := s.o.Audit.Write(&entry); err != nil && a.decision.Allow() && s.o.Audit.Denies() {
		a.denyUnlogged(err)
		entry.Status = a.status
		s.o.Audit.WriteDeny(&entry)
	}
	s.o.Metrics.decided(&a.decision, took)
}

// denyUnlogged turns an allow without a log line into a deny.
func (a *answer) denyUnlogged(err error) {
	d := &a.decision
	d.Reason = gateway.InternalError
	if errors.Is(err, audit.ErrStalled) {
		d.Reason = gateway.Overloaded
	}
	d.Detail = "it would be allowed, but the decision log cannot be written: " + err.Error()
	d.Hint = `make room for audit.output; audit.on_failure = "continue" allows without a line`
	a.status = status(d.Reason)
}
