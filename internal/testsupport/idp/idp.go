package idp

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Issuer is an issuer behind real TLS and HTTP. Its connections stay in this process, so
// that it works inside a bubble of testing/synctest. While a verifier runs, a test can
// change the answers of the issuer and make it unreachable. The fields are counts, except
// URL.
type Issuer struct {
	URL         string       // its iss
	Fetches     atomic.Int64 // requests for the key set
	Discoveries atomic.Int64
	Questions   atomic.Int64 // introspection requests
	Dials       atomic.Int64
	OtherHosts  atomic.Int64 // connections to any other host
	listener    *pipeListener
	ca          []byte

	mu   sync.Mutex
	keys []byte
	now  Fault
	next chan struct{} // closed at the next connection
}

// Fault says what fails. The zero Fault means that the issuer works.
type Fault struct {
	Dial          func(context.Context) error // fails the connection
	Certificate   *tls.Certificate            // instead of a good certificate
	Keys          http.HandlerFunc            // instead of the key set
	Discovery     http.HandlerFunc            // instead of the discovery document
	Introspection http.HandlerFunc            // instead of "every token is active"
}

// New starts an issuer that publishes keys. url is its iss, https and with a slash at the
// end. The issuer stops at the end of the test.
func New(t testing.TB, url string, keys ...*Key) *Issuer {
	t.Helper()
	i := &Issuer{URL: url, listener: newPipeListener(), keys: JWKSOf(keys...)}
	host := strings.Split(url, "/")[2]
	ca := CA()
	i.ca = ca.pem
	good := ca.Issue(host, time.Unix(0, 0), time.Unix(1<<32, 0))
	mux := http.NewServeMux()
	path := strings.TrimPrefix(url, "https://"+host)
	mux.HandleFunc("GET "+path+".well-known/openid-configuration", i.serveConfig)
	mux.HandleFunc("GET "+path+"jwks/", i.serveKeys)
	mux.HandleFunc("/application/o/introspect/", i.serveIntrospection)
	server := &http.Server{
		Handler: mux, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute,
		TLSConfig: &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			if c := i.fault().Certificate; c != nil {
				return c, nil
			}
			return good, nil
		}},
	}
	var running sync.WaitGroup
	running.Go(func() { _ = server.ServeTLS(i.listener, "", "") })
	t.Cleanup(func() {
		_ = server.Close()
		running.Wait()
	})
	return i
}

func (i *Issuer) fault() Fault {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.now
}

// Fail sets the fault of the issuer from now on; the zero Fault repairs the issuer. Fail
// resets the counts of Asked. It returns a channel that is closed at the next connection.
func (i *Issuer) Fail(f Fault) <-chan struct{} {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.now = f
	i.Dials.Store(0)
	i.Discoveries.Store(0)
	i.Fetches.Store(0)
	i.next = make(chan struct{})
	return i.next
}

// Asked returns the numbers of connections, discoveries and fetches of the key set.
func (i *Issuer) Asked() [3]int64 {
	return [3]int64{i.Dials.Load(), i.Discoveries.Load(), i.Fetches.Load()}
}

// Publish replaces the key set.
func (i *Issuer) Publish(set []byte) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = set
}

func (i *Issuer) serveConfig(w http.ResponseWriter, r *http.Request) {
	i.Discoveries.Add(1)
	if f := i.fault().Discovery; f != nil {
		f(w, r)
		return
	}
	_, _ = w.Write(JSON(map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "jwks/", "introspection_endpoint": i.introspection()}))
}

func (i *Issuer) introspection() string {
	return "https://" + strings.Split(i.URL, "/")[2] + "/application/o/introspect/"
}

func (i *Issuer) serveIntrospection(w http.ResponseWriter, r *http.Request) {
	i.Questions.Add(1)
	if f := i.fault().Introspection; f != nil {
		f(w, r)
		return
	}
	_, _ = w.Write([]byte(`{"active":true}`))
}

func (i *Issuer) serveKeys(w http.ResponseWriter, r *http.Request) {
	i.Fetches.Add(1)
	if f := i.fault().Keys; f != nil {
		f(w, r)
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	_, _ = w.Write(i.keys)
}

// Dial connects to the issuer. Any other host is unreachable.
func (i *Issuer) Dial(ctx context.Context, _, address string) (net.Conn, error) {
	if address != strings.Split(i.URL, "/")[2]+":443" {
		i.OtherHosts.Add(1)
		return nil, errors.New("no route to " + address)
	}
	i.Dials.Add(1)
	i.mu.Lock()
	if i.next != nil {
		close(i.next)
		i.next = nil
	}
	i.mu.Unlock()
	if f := i.fault().Dial; f != nil {
		return nil, f(ctx)
	}
	return i.listener.dial(ctx)
}

// CAFile writes the certificate of the issuer's authority to a file.
func (i *Issuer) CAFile(t testing.TB) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, i.ca, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Slowly returns a Fault.Keys that waits for d and then answers with the key set.
func (i *Issuer) Slowly(d time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(d)
		i.mu.Lock()
		defer i.mu.Unlock()
		_, _ = w.Write(i.keys)
	}
}
