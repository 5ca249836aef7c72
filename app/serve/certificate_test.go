package serve

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority makes certificates for clients.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{t: t, key: key}
	a.cert = a.sign(&x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, &key.PublicKey)
	return a
}

func (a *authority) sign(template, parent *x509.Certificate, key *ecdsa.PublicKey) *x509.Certificate {
	a.t.Helper()
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert
}

func (a *authority) write(file string) {
	a.t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// client is a client's certificate for a use and a time.
func (a *authority) client(use x509.ExtKeyUsage, until time.Duration) []tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	cert := a.sign(&x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(until),
		ExtKeyUsage: []x509.ExtKeyUsage{use},
	}, a.cert, &key.PublicKey)
	return []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}
}

func TestCallersNeedAClientCertificateOfTheAuthority(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	pool := certificate(t, file("tls.crt"), file("tls.key"))
	ours, others := newAuthority(t), newAuthority(t)
	ours.write(file("clients.crt"))
	l := start(t, "CLAIMGATE_SERVER_CALLER_TOKENS=the caller's token", "CLAIMGATE_SERVER_CLIENT_CA="+file("clients.crt"),
		"CLAIMGATE_SERVER_TLS_CERT="+file("tls.crt"), "CLAIMGATE_SERVER_TLS_KEY="+file("tls.key"))
	// status is 0 if the handshake fails.
	status := func(path, token string, certificates []tls.Certificate) int {
		t.Helper()
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{
			RootCAs: pool,
			// The client sends its certificate even if the server's list does not name the authority.
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				if certificates == nil {
					return new(tls.Certificate), nil
				}
				return &certificates[0], nil
			},
		}}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, strings.TrimSuffix(l.URL(), "/authz")+path, strings.NewReader(aliceReads))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", token)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := client.Do(req)
		if err != nil {
			return 0
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	const token = "the caller's token"
	good := ours.client(x509.ExtKeyUsageClientAuth, time.Hour)
	for name, tc := range map[string]struct {
		token        string
		certificates []tls.Certificate
		want         int
	}{
		"token and certificate":         {token, good, 200},
		"a certificate without a token": {"", good, 401},
		"a token without a certificate": {token, nil, 401},
		"another authority's":           {token, others.client(x509.ExtKeyUsageClientAuth, time.Hour), 0},
		"an expired one":                {token, ours.client(x509.ExtKeyUsageClientAuth, -time.Hour), 0},
		"a server's":                    {token, ours.client(x509.ExtKeyUsageServerAuth, time.Hour), 0},
	} {
		if got := status("/authz", tc.token, tc.certificates); got != tc.want {
			t.Errorf("%s: got %d, want %d", name, got, tc.want)
		}
	}
	// The identity provider has no certificate of that authority.
	if got := status("/backchannel-logout", "", nil); got != 400 {
		t.Errorf("a logout without a certificate got %d, want the 400 of a token that is none", got)
	}
	others.write(file("clients.crt"))
	l.hangup()
	if got := status("/authz", token, good); got != 0 {
		t.Errorf("a certificate of the authority that was replaced got %d", got)
	}
	if got := status("/authz", token, others.client(x509.ExtKeyUsageClientAuth, time.Hour)); got != 200 {
		t.Errorf("a certificate of the new authority got %d", got)
	}
	l.write("junk", "junk")
	if err := os.Rename(l.path("junk"), file("clients.crt")); err != nil {
		t.Fatal(err)
	}
	l.hangup()
	if got := status("/authz", token, good); got != 0 {
		t.Errorf("after the authority's file was broken any certificate is taken: %d", got)
	}
}

func TestOldTLSAndOtherProtocolsAreRefused(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	pool := certificate(t, file("tls.crt"), file("tls.key"))
	l := start(t, "CLAIMGATE_SERVER_TLS_CERT="+file("tls.crt"), "CLAIMGATE_SERVER_TLS_KEY="+file("tls.key"))
	dial := func(change func(*tls.Config)) (tls.ConnectionState, error) {
		c := &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}
		change(c)
		conn, err := tls.Dial("tcp", l.publicListener.Addr().String(), c)
		if err != nil {
			return tls.ConnectionState{}, err
		}
		defer conn.Close()
		return conn.ConnectionState(), nil
	}
	for name, change := range map[string]func(*tls.Config){
		"TLS 1.0": func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS10 },
		"TLS 1.1": func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS11, tls.VersionTLS11 },
		"TLS 1.2 with CBC": func(c *tls.Config) {
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA}
		},
		"HTTP/2 alone": func(c *tls.Config) { c.NextProtos = []string{"h2"} },
	} {
		if _, err := dial(change); err == nil {
			t.Errorf("%s is spoken", name)
		}
	}
	for name, tc := range map[string]struct {
		version uint16
		offers  []string
	}{"TLS 1.2": {tls.VersionTLS12, nil}, "TLS 1.3": {tls.VersionTLS13, nil}, "a MinIO with enable_http2": {tls.VersionTLS13, []string{"h2", "http/1.1"}}} {
		state, err := dial(func(c *tls.Config) { c.MaxVersion, c.NextProtos = tc.version, tc.offers })
		if err != nil || state.Version != tc.version || tc.offers != nil && state.NegotiatedProtocol != "http/1.1" {
			t.Errorf("%s: version %x, protocol %q, %v", name, state.Version, state.NegotiatedProtocol, err)
		}
	}
}
