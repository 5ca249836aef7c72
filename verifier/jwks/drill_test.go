package jwks_test

import (
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
	"github.com/claimgate/claimgate/internal/testsupport/verified"
	"github.com/claimgate/claimgate/verifier"
)

// Each row is an outage of the issuer: what the issuer serves, how many connections and
// requests it gets within the first minute, and the error that /readyz then shows. The
// decisions are the same in every outage. Tokens of known keys are accepted until the
// last good key set is max_stale old, and then no token is. Soon after the outage every
// token is accepted again.
//
// The first attempt goes to the known address of the key set. Each further attempt begins
// with discovery. Attempts that fail at once follow each other after 1/4, 1/2, 1, 2, 4, 8,
// 16 and 30 seconds, so eight attempts begin within a minute.
func TestOutageDrills(t *testing.T) {
	const html = "<!DOCTYPE html><html><title>Log in</title></html>"
	refused := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	unresolved := &net.DNSError{Err: "no such host", Name: "auth.example"}
	var (
		dialsOnly = [3]int64{8, 0, 0}  // no request reaches the issuer
		all       = [3]int64{8, 7, 1}  // discovery fails too
		keysOnly  = [3]int64{15, 7, 8} // discovery works
	)
	const (
		soon  = 2 * time.Second
		dials = 5 * time.Second  // a running attempt to connect must end first
		hangs = 15 * time.Second // a running fetch must end first
	)
	for _, c := range []struct {
		name   string
		served idp.Fault
		asked  [3]int64      // connections, requests for the discovery document, for the keys
		heals  time.Duration // how long after the outage every token is accepted again
		error  string
	}{
		{"connection refused", idp.Fault{Dial: idp.Fails(refused)}, dialsOnly, soon, "connection refused"},
		{"name not resolved", idp.Fault{Dial: idp.Fails(unresolved)}, dialsOnly, soon, "no such host"},
		{"packets dropped: 3 seconds an attempt", idp.Fault{Dial: idp.Drops}, dialsOnly, dials, "deadline exceeded"},
		{"certificate expired", idp.Fault{Certificate: idp.CA().Issue("auth.example", time.Unix(0, 0), time.Unix(1, 0))}, dialsOnly, soon, "certificate has expired"},
		{"certificate of another host", idp.Fault{Certificate: idp.CA().Issue("other.example", time.Unix(0, 0), time.Unix(1<<32, 0))}, dialsOnly, soon, "not auth.example"},
		{"accepted, never answered: 10 seconds an attempt", idp.Fault{Keys: idp.Hang, Discovery: idp.Hang}, [3]int64{6, 5, 1}, hangs, "deadline exceeded"},
		{"slow-loris, a byte a second: 10 seconds an attempt", idp.Fault{Keys: idp.Drip}, [3]int64{11, 5, 6}, hangs, "deadline exceeded"},
		{"500", idp.Fault{Keys: idp.Status(500, "oops"), Discovery: idp.Status(500, "oops")}, all, soon, "answered 500"},
		{"503 for the key set only", idp.Fault{Keys: idp.Status(503, "")}, keysOnly, soon, "answered 503"},
		{"404: the slug was renamed", idp.Fault{Keys: idp.Status(404, ""), Discovery: idp.Status(404, "")}, all, soon, "answered 404"},
		{"401", idp.Fault{Keys: idp.Status(401, "")}, keysOnly, soon, "answered 401"},
		{"204", idp.Fault{Keys: idp.Status(204, "")}, keysOnly, soon, "answered 204"},
		{"200 with an HTML login page", idp.Fault{Keys: idp.Status(200, html)}, keysOnly, soon, "not strict JSON"},
		{"200 with an empty body", idp.Fault{Keys: idp.Status(200, "")}, keysOnly, soon, "there is no JSON value"},
		{"{}: the signing key was removed", idp.Fault{Keys: idp.Status(200, "{}")}, keysOnly, soon, `choose a "Signing Key"`},
		{"keys []", idp.Fault{Keys: idp.Status(200, `{"keys":[]}`)}, keysOnly, soon, "no usable signing key"},
		{"keys null", idp.Fault{Keys: idp.Status(200, `{"keys":null}`)}, keysOnly, soon, "is null, not a list"},
		{"keys of strings", idp.Fault{Keys: idp.Status(200, `{"keys":["a"]}`)}, keysOnly, soon, "is a string, not an object"},
		{"an encryption key only", idp.Fault{Keys: idp.Status(200, string(idp.JWKS(idp.RSAKey(1, idp.KidTwo).JWK("use", "enc"))))}, keysOnly, soon, `use is not "sig"`},
		{"truncated JSON", idp.Fault{Keys: idp.Status(200, string(idp.JWKSOf(idp.RSAKey(0, idp.KidOne))[:200]))}, keysOnly, soon, "not strict JSON"},
		{"the connection breaks off", idp.Fault{Keys: idp.BreakOff}, keysOnly, soon, "INTERNAL_ERROR"},
		{"two members named keys", idp.Fault{Keys: idp.Status(200, `{"keys":[],"keys":[]}`)}, keysOnly, soon, "two members of one name"},
		{"100 MB", idp.Fault{Keys: idp.Flood}, keysOnly, soon, "more than 1 MiB"},
		{"100 MB in 100 kB of gzip", idp.Fault{Keys: idp.Bomb}, keysOnly, soon, "more than 1 MiB"},
		{"10,000 keys", idp.Fault{Keys: idp.Status(200, idp.ManyKeys(10_000))}, keysOnly, soon, "10000 keys, more than 100"},
		{"a redirect to another host", idp.Fault{Keys: idp.Redirect("https://evil.example/jwks/")}, keysOnly, soon, "another origin, https://evil.example"},
		{"a redirect to plain http", idp.Fault{Keys: idp.Redirect("http://auth.example/jwks/")}, keysOnly, soon, "another origin, http://auth.example"},
		{"redirects in a circle", idp.Fault{Keys: idp.Redirect("/application/o/minio/jwks/")}, [3]int64{55, 7, 48}, soon, "more than 5 redirects"},
		{"discovery names another issuer", idp.Fault{Keys: idp.Status(404, ""), Discovery: idp.Status(200, `{"issuer":"https://auth.example/"}`)}, all, soon, "names the issuer"},
		{"discovery is a login page", idp.Fault{Keys: idp.Status(404, ""), Discovery: idp.Status(200, html)}, all, soon, "not strict JSON"},
		{"discovery names no key set", idp.Fault{Keys: idp.Status(404, ""), Discovery: idp.DiscoveryOf(``)}, all, soon, "jwks_uri"},
		{"discovery falls back to plain http", idp.Fault{Keys: idp.Status(404, ""), Discovery: idp.DiscoveryOf(`http://127.0.0.1/jwks/`)}, all, soon, "plain http although"},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, stranger := idp.RSAKey(0, idp.KidOne), idp.RSAKey(1, idp.KidTwo)
			synctest.Test(t, func(t *testing.T) {
				i := idp.New(t, idp.URL, one)
				v := verified.Start(t, i, func(o *verifier.Options) { o.Issuers[0].MaxStale = 7 * time.Minute })
				verify := func(token string, want verifier.Reason) {
					t.Helper()
					_, err := v.Verify(t.Context(), token, verifier.Presented{})
					verified.WantReason(t, err, want)
				}
				fresh := func() string { return one.Token(idp.IDClaims(time.Now())) }
				synctest.Wait()
				cached := one.Token(idp.IDClaims(time.Now()).With("exp", time.Now().Unix()+24*3600))
				verify(cached, "")
				if got := i.Asked(); got != [3]int64{2, 1, 1} {
					t.Fatalf("on the good day it was asked %v times", got)
				}

				<-i.Fail(c.served)
				time.Sleep(time.Minute)
				if got := i.Asked(); got != c.asked {
					t.Errorf("in the first minute it was dialed, asked for configuration and keys %v times, want %v", got, c.asked)
				}
				if st := v.States()[0]; !st.Usable || !strings.Contains(st.Error, c.error) {
					t.Errorf("state %+v, want usable with error %q", st, c.error)
				}
				verify(cached, "")
				verify(fresh(), "")
				verify(stranger.Token(idp.IDClaims(time.Now())), verifier.UnknownKey)

				time.Sleep(time.Until(v.States()[0].Fetched.Add(7 * time.Minute)))
				last := fresh()
				verify(last, "")
				time.Sleep(time.Second)
				verify(last, verifier.KeysUnavailable)
				verify(fresh(), verifier.KeysUnavailable)
				verify(stranger.Token(idp.IDClaims(time.Now())), verifier.KeysUnavailable)
				if v.Ready() {
					t.Error("ready without usable keys")
				}

				time.Sleep(3 * time.Second)
				i.Fail(idp.Fault{})
				time.Sleep(c.heals)
				verify(fresh(), "")
				verify(last, "")
				verify(stranger.Token(idp.IDClaims(time.Now())), verifier.UnknownKey)
				if st := v.States()[0]; st.Error != "" || !v.Ready() {
					t.Errorf("state %+v after the recovery", st)
				}
				if n := i.OtherHosts.Load(); n != 0 {
					t.Errorf("%d connections to other hosts", n)
				}
			})
		})
	}
}
