package idp

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strings"
	"time"
)

// Fails returns a Fault.Dial that fails at once with err.
func Fails(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

// Drops is a Fault.Dial that hangs until ctx ends, as if packets were dropped.
func Drops(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// Status returns a handler that answers with a status and a body.
func Status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
}

// Redirect returns a handler that answers with 302.
func Redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
}

// Hang is a handler that never answers.
func Hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// Drip is a handler that sends one byte a second.
func Drip(w http.ResponseWriter, r *http.Request) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		_, _ = w.Write([]byte(" "))
		_ = http.NewResponseController(w).Flush()
		select {
		case <-second.C:
		case <-r.Context().Done():
			return
		}
	}
}

// DiscoveryOf returns a handler that answers with a discovery document of the issuer at URL,
// without an introspection endpoint.
func DiscoveryOf(jwksURI string) http.HandlerFunc {
	return Status(200, string(JSON(map[string]any{"issuer": URL, "jwks_uri": jwksURI})))
}

// BreakOff is a handler that closes the connection in the middle of the body.
func BreakOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = w.Write([]byte(`{"keys":[`))
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// Flood is a handler that answers with 100 MB.
func Flood(w http.ResponseWriter, _ *http.Request) { writeMuch(w) }

// Bomb is a handler that answers with 100 MB in 100 kB of gzip.
func Bomb(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	writeMuch(z)
	_ = z.Close()
}

// writeMuch writes 100 MB, or less if the reader closes the connection.
func writeMuch(w io.Writer) {
	block := make([]byte, 64<<10)
	for n := 0; n < 100<<20; n += len(block) {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// ManyKeys returns a key set with n keys in few bytes. No key is usable.
func ManyKeys(n int) string {
	return `{"keys":[` + strings.Repeat(`{"kty":"oct"},`, n-1) + `{}]}`
}
