package server

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/app/dialect"
	"github.com/claimgate/claimgate/app/dialect/minio"

	"github.com/rs/zerolog"
	"github.com/valyala/fasthttp"
)

// If writing an answer panics, the answer about that panic may panic too. Neither panic may end the
// process, because then every other request fails.
func TestAPanicInAnAnswerEndsOneRequestOnly(t *testing.T) {
	g := newInside(t, "off").gateway
	callers := new(Callers)
	callers.Set(nil)
	for name, log := range map[string]zerolog.Logger{
		"the decision log": zerolog.New(new(bytes.Buffer)), "the program's log as well": zerolog.New(panics{}),
	} {
		// Without a decision log every answer panics, and so does the answer after the panic.
		s := New(Options{Gateway: g, Callers: callers, Metrics: NewMetrics("", ""), Log: log, Endpoints: map[string]*dialect.Dialect{"/authz": minio.Dialect}, MaxBody: 1 << 20, MaxConnections: 1})
		handler, handleError := s.app.Server().Handler, s.app.Server().ErrorHandler
		for what, answer := range map[string]func(c *fasthttp.RequestCtx){
			"a question": func(c *fasthttp.RequestCtx) {
				c.Request.SetRequestURI("/authz")
				c.Request.SetBodyString("x")
				handler(c)
			},
			"another path":       func(c *fasthttp.RequestCtx) { c.Request.SetRequestURI("/"); handler(c) },
			"an unknown method":  func(c *fasthttp.RequestCtx) { c.Request.Header.SetMethod("FOO"); handler(c) },
			"no HTTP":            func(c *fasthttp.RequestCtx) { handleError(c, errors.New("no HTTP")) },
			"a body too large":   func(c *fasthttp.RequestCtx) { handleError(c, fasthttp.ErrBodyTooLarge) },
			"an answer half way": func(c *fasthttp.RequestCtx) { c.Response.SetBodyString(`{"result":true}`); handler(c) },
		} {
			c := newCall()
			c.Request.Header.SetMethod("POST")
			answer(c)
			if got := string(c.Response.Body()); got != `{"result":false}` || c.Response.StatusCode() != 500 || !c.Response.ConnectionClose() {
				t.Errorf("%s, %s: %d %s, closes %v", name, what, c.Response.StatusCode(), got, c.Response.ConnectionClose())
			}
			if got := string(c.Response.Header.ContentType()); !strings.HasPrefix(got, "application/json") {
				t.Errorf("%s, %s: the answer is %s", name, what, got)
			}
		}
	}
}

type panics struct{}

func (panics) Write([]byte) (int, error) { panic("the program's log is broken") }
