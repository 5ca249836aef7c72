package verifier

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
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

// idp is an issuer behind real TLS and HTTP, on connections that live in this
// process, so that a test's bubble can make its time pass. What it answers, and
// whether it can be reached, is changed while the verifier runs.
type idp struct {
	url         string // its iss
	fetches     atomic.Int64
	discoveries atomic.Int64
	questions   atomic.Int64 // about tokens
	dials       atomic.Int64
	elsewhere   atomic.Int64 // connections to any other host
	listener    *pipeListener
	ca          []byte

	mu   sync.Mutex
	keys []byte
	now  fault
	next chan struct{} // closed at the next connection
}

// A fault is how a bad day looks from outside. The zero fault is a good day.
type fault struct {
	dial    func(context.Context) error // the connection fails
	cert    *tls.Certificate
	keys    http.HandlerFunc // instead of the key set
	configs http.HandlerFunc // instead of discovery
	lives   http.HandlerFunc // instead of introspection, which calls every token active
}

// newIDP starts an issuer that publishes keys.
func newIDP(t testing.TB, url string, keys ...*testKey) *idp {
	t.Helper()
	i := &idp{url: url, listener: newPipeListener(), keys: jwksOf(keys...)}
	host := strings.Split(url, "/")[2]
	ca := testCA()
	i.ca = ca.pem
	good := ca.issue(host, time.Unix(0, 0), time.Unix(1<<32, 0))
	mux := http.NewServeMux()
	path := strings.TrimPrefix(url, "https://"+host)
	mux.HandleFunc("GET "+path+".well-known/openid-configuration", i.serveConfig)
	mux.HandleFunc("GET "+path+"jwks/", i.serveKeys)
	mux.HandleFunc("/application/o/introspect/", i.serveLives)
	server := &http.Server{
		Handler: mux, ErrorLog: log.New(io.Discard, "", 0),
		TLSConfig: &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			if c := i.fault().cert; c != nil {
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

func (i *idp) fault() fault {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.now
}

// suffer begins a bad day; the zero fault ends it. It begins to count anew, and
// closes the channel that it returns when it is dialed next.
func (i *idp) suffer(f fault) <-chan struct{} {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.now = f
	i.dials.Store(0)
	i.discoveries.Store(0)
	i.fetches.Store(0)
	i.next = make(chan struct{})
	return i.next
}

// asked is how many times it was dialed, asked for its configuration, and for
// its keys.
func (i *idp) asked() [3]int64 {
	return [3]int64{i.dials.Load(), i.discoveries.Load(), i.fetches.Load()}
}

// publish replaces the key set.
func (i *idp) publish(set []byte) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = set
}

func (i *idp) serveConfig(w http.ResponseWriter, r *http.Request) {
	i.discoveries.Add(1)
	if f := i.fault().configs; f != nil {
		f(w, r)
		return
	}
	_, _ = w.Write(toJSON(map[string]any{"issuer": i.url, "jwks_uri": i.url + "jwks/", "introspection_endpoint": i.introspection()}))
}

func (i *idp) introspection() string {
	return "https://" + strings.Split(i.url, "/")[2] + "/application/o/introspect/"
}

func (i *idp) serveLives(w http.ResponseWriter, r *http.Request) {
	i.questions.Add(1)
	if f := i.fault().lives; f != nil {
		f(w, r)
		return
	}
	_, _ = w.Write([]byte(`{"active":true}`))
}

func (i *idp) serveKeys(w http.ResponseWriter, r *http.Request) {
	i.fetches.Add(1)
	if f := i.fault().keys; f != nil {
		f(w, r)
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	_, _ = w.Write(i.keys)
}

// dial connects to the issuer.
func (i *idp) dial(ctx context.Context, _, address string) (net.Conn, error) {
	if address != strings.Split(i.url, "/")[2]+":443" {
		i.elsewhere.Add(1)
		return nil, errors.New("no route to " + address)
	}
	i.dials.Add(1)
	i.mu.Lock()
	if i.next != nil {
		close(i.next)
		i.next = nil
	}
	i.mu.Unlock()
	if f := i.fault().dial; f != nil {
		return nil, f(ctx)
	}
	return i.listener.dial(ctx)
}

// config is the issuer's configuration; its certificate is trusted by ca_file.
func (i *idp) config(t testing.TB) Issuer {
	t.Helper()
	c := testIssuerConfig()
	c.URL = i.url
	c.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(c.CAFile, i.ca, 0o600); err != nil {
		t.Fatal(err)
	}
	return c
}

// verifier starts a verifier that trusts the issuer.
func (i *idp) verifier(t testing.TB, adjust ...func(*Options)) *Verifier {
	t.Helper()
	o := Options{Issuers: []Issuer{i.config(t)}, Dial: i.dial}
	for _, f := range adjust {
		f(&o)
	}
	v, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	v.Start()
	return v
}

// pipeListener hands out both ends of pipes.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) dial(ctx context.Context) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case l.conns <- newBuffered(there):
		return here, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

// buffered lets a server write ahead of its client, as a socket does. On a bare
// pipe, a client that refuses a certificate and its server wait for each other.
type buffered struct {
	net.Conn
	out  chan []byte
	done chan struct{}
	once sync.Once
}

func newBuffered(c net.Conn) *buffered {
	b := &buffered{Conn: c, out: make(chan []byte, 64), done: make(chan struct{})}
	go b.forward()
	return b
}

// forward delivers what was written, also what was before Close. Where the
// reader has gone, Read tells the server.
func (b *buffered) forward() {
	defer b.Conn.Close()
	for {
		select {
		case data := <-b.out:
			_, _ = b.Conn.Write(data)
		case <-b.done:
			if len(b.out) == 0 {
				return
			}
		}
	}
}

func (b *buffered) Write(data []byte) (int, error) {
	select {
	case b.out <- bytes.Clone(data):
		return len(data), nil
	case <-b.done:
		return 0, net.ErrClosed
	}
}

func (b *buffered) Close() error {
	b.once.Do(func() { close(b.done) })
	return nil
}

// authority signs the certificates of test issuers.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

var testCA = sync.OnceValue(func() *authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(err)
	cert, err := x509.ParseCertificate(der)
	must(err)
	return &authority{cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
})

func (a *authority) issue(host string, from, until time.Time) *tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, NotBefore: from, NotAfter: until,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	must(err)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
