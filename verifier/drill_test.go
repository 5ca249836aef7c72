package verifier

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Each row is a bad day of the issuer: what it served, how many times it was
// dialed and asked within the first minute, and what /readyz then says about it.
// Whatever is served, the decisions are the same: tokens of known keys are
// accepted until the last good key set is max_stale old, then none is; and soon
// after the bad day every token is accepted again.
//
// The first attempt goes to the known address of the key set, every further one
// begins with discovery. Attempts that fail at once follow each other after 1/4,
// 1/2, 1, 2, 4, 8, 16 and 30 seconds, so eight begin within a minute.
func TestOutageDrills(t *testing.T) {
	const html = "<!DOCTYPE html><html><title>Log in</title></html>"
	refused := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	unresolved := &net.DNSError{Err: "no such host", Name: "auth.example"}
	var (
		dialsOnly = [3]int64{8, 0, 0}  // no request gets through
		all       = [3]int64{8, 7, 1}  // discovery fails too
		keysOnly  = [3]int64{15, 7, 8} // discovery is fine
	)
	const (
		soon  = 2 * time.Second
		dials = 5 * time.Second  // an attempt to connect must end first
		hangs = 15 * time.Second // a fetch must end first
	)
	for _, c := range []struct {
		name   string
		served fault
		asked  [3]int64      // dialed, asked for the configuration, for the keys
		heals  time.Duration // how long after the bad day every token is accepted again
		error  string
	}{
		{"connection refused", fault{dial: fails(refused)}, dialsOnly, soon, "connection refused"},
		{"name not resolved", fault{dial: fails(unresolved)}, dialsOnly, soon, "no such host"},
		{"packets dropped: 3 seconds an attempt", fault{dial: drops}, dialsOnly, dials, "deadline exceeded"},
		{"certificate expired", fault{cert: testCA().issue("auth.example", time.Unix(0, 0), time.Unix(1, 0))}, dialsOnly, soon, "certificate has expired"},
		{"certificate of another host", fault{cert: testCA().issue("other.example", time.Unix(0, 0), time.Unix(1<<32, 0))}, dialsOnly, soon, "not auth.example"},
		{"accepted, never answered: 10 seconds an attempt", fault{keys: hang, configs: hang}, [3]int64{6, 5, 1}, hangs, "deadline exceeded"},
		{"slow-loris, a byte a second: 10 seconds an attempt", fault{keys: drip}, [3]int64{11, 5, 6}, hangs, "deadline exceeded"},
		{"500", fault{keys: status(500, "oops"), configs: status(500, "oops")}, all, soon, "answered 500"},
		{"503 for the key set only", fault{keys: status(503, "")}, keysOnly, soon, "answered 503"},
		{"404: the slug was renamed", fault{keys: status(404, ""), configs: status(404, "")}, all, soon, "answered 404"},
		{"401", fault{keys: status(401, "")}, keysOnly, soon, "answered 401"},
		{"204", fault{keys: status(204, "")}, keysOnly, soon, "answered 204"},
		{"200 with an HTML login page", fault{keys: status(200, html)}, keysOnly, soon, "not strict JSON"},
		{"200 with an empty body", fault{keys: status(200, "")}, keysOnly, soon, "there is no JSON value"},
		{"{}: the signing key was removed", fault{keys: status(200, "{}")}, keysOnly, soon, `choose a "Signing Key"`},
		{"keys []", fault{keys: status(200, `{"keys":[]}`)}, keysOnly, soon, "no usable signing key"},
		{"keys null", fault{keys: status(200, `{"keys":null}`)}, keysOnly, soon, "is null, not a list"},
		{"keys of strings", fault{keys: status(200, `{"keys":["a"]}`)}, keysOnly, soon, "is a string, not an object"},
		{"an encryption key only", fault{keys: status(200, string(jwks(rsaKey(1, kidTwo).jwk("use", "enc"))))}, keysOnly, soon, `use is not "sig"`},
		{"truncated JSON", fault{keys: status(200, string(jwksOf(rsaKey(0, kidOne))[:200]))}, keysOnly, soon, "not strict JSON"},
		{"the connection breaks off", fault{keys: breakOff}, keysOnly, soon, "INTERNAL_ERROR"},
		{"two members named keys", fault{keys: status(200, `{"keys":[],"keys":[]}`)}, keysOnly, soon, "two members of one name"},
		{"100 MB", fault{keys: flood}, keysOnly, soon, "more than 1 MiB"},
		{"100 MB in 100 kB of gzip", fault{keys: bomb}, keysOnly, soon, "more than 1 MiB"},
		{"10,000 keys", fault{keys: status(200, manyKeys(10_000))}, keysOnly, soon, "10000 keys, more than 100"},
		{"a redirect to another host", fault{keys: redirect("https://evil.example/jwks/")}, keysOnly, soon, "another origin, https://evil.example"},
		{"a redirect to plain http", fault{keys: redirect("http://auth.example/jwks/")}, keysOnly, soon, "another origin, http://auth.example"},
		{"redirects in a circle", fault{keys: redirect("/application/o/minio/jwks/")}, [3]int64{55, 7, 48}, soon, "more than 5 redirects"},
		{"discovery names another issuer", fault{keys: status(404, ""), configs: status(200, `{"issuer":"https://auth.example/"}`)}, all, soon, "names the issuer"},
		{"discovery is a login page", fault{keys: status(404, ""), configs: status(200, html)}, all, soon, "not strict JSON"},
		{"discovery names no key set", fault{keys: status(404, ""), configs: config(``)}, all, soon, "jwks_uri"},
		{"discovery falls back to plain http", fault{keys: status(404, ""), configs: config(`http://127.0.0.1/jwks/`)}, all, soon, "plain http although"},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, stranger := rsaKey(0, kidOne), rsaKey(1, kidTwo)
			synctest.Test(t, func(t *testing.T) {
				i := newIDP(t, issuerURL, one)
				v := i.verifier(t, func(o *Options) { o.Issuers[0].MaxStale = 7 * time.Minute })
				verify := func(token string, want Reason) {
					t.Helper()
					_, err := v.Verify(t.Context(), token, Presented{})
					wantReason(t, err, want)
				}
				fresh := func() string { return one.token(idClaims(time.Now())) }
				synctest.Wait()
				cached := one.token(idClaims(time.Now()).with("exp", time.Now().Unix()+24*3600))
				verify(cached, "")
				if got := i.asked(); got != [3]int64{2, 1, 1} {
					t.Fatalf("on the good day it was asked %v times", got)
				}

				<-i.suffer(c.served)
				time.Sleep(time.Minute)
				if got := i.asked(); got != c.asked {
					t.Errorf("in the first minute it was dialed, asked for configuration and keys %v times, want %v", got, c.asked)
				}
				if st := v.States()[0]; !st.Usable || !strings.Contains(st.Error, c.error) {
					t.Errorf("state %+v, want usable with error %q", st, c.error)
				}
				verify(cached, "")
				verify(fresh(), "")
				verify(stranger.token(idClaims(time.Now())), UnknownKey)

				time.Sleep(time.Until(v.States()[0].Fetched.Add(7 * time.Minute)))
				last := fresh()
				verify(last, "")
				time.Sleep(time.Second)
				verify(last, KeysUnavailable)
				verify(fresh(), KeysUnavailable)
				verify(stranger.token(idClaims(time.Now())), KeysUnavailable)
				if v.Ready() {
					t.Error("ready without usable keys")
				}

				time.Sleep(3 * time.Second)
				i.suffer(fault{})
				time.Sleep(c.heals)
				verify(fresh(), "")
				verify(last, "")
				verify(stranger.token(idClaims(time.Now())), UnknownKey)
				if st := v.States()[0]; st.Error != "" || !v.Ready() {
					t.Errorf("state %+v after the recovery", st)
				}
				if n := i.elsewhere.Load(); n != 0 {
					t.Errorf("%d connections to other hosts", n)
				}
			})
		})
	}
}

func fails(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

func drops(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
}

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
}

func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func drip(w http.ResponseWriter, r *http.Request) {
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

func config(jwksURI string) http.HandlerFunc {
	return status(200, string(toJSON(map[string]any{"issuer": issuerURL, "jwks_uri": jwksURI})))
}

func breakOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = w.Write([]byte(`{"keys":[`))
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func flood(w http.ResponseWriter, _ *http.Request) { writeMuch(w) }

func bomb(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	writeMuch(z)
	_ = z.Close()
}

// writeMuch writes 100 MB unless its reader has had enough.
func writeMuch(w io.Writer) {
	block := make([]byte, 64<<10)
	for n := 0; n < 100<<20; n += len(block) {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// manyKeys stays below the limit of bytes.
func manyKeys(n int) string {
	return `{"keys":[` + strings.Repeat(`{"kty":"oct"},`, n-1) + `{}]}`
}
