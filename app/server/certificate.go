package server

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"sync/atomic"

	"github.com/claimgate/claimgate/internal/pemfile"
)

// Certificate is the listener's TLS certificate, and the authority for client certificates if clients
// must have one. Reload may be called while the certificate is in use.
type Certificate struct {
	certFile, keyFile, clientCA string
	current                     atomic.Pointer[tls.Config]
}

// LoadCertificate reads a certificate and its key, and unless clientCA is empty, the certificates of
// the authority for client certificates. All files are PEM.
func LoadCertificate(certFile, keyFile, clientCA string) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile, clientCA: clientCA}
	return c, c.Reload()
}

// Reload reads the files again. If Reload returns an error, for example because the files do not match
// in the middle of a renewal, the old certificate stays in use.
func (c *Certificate) Reload() error {
	pair, err := pemfile.KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("server.tls_cert and server.tls_key: %w", err)
	}
	config := &tls.Config{
		MinVersion: tls.VersionTLS12,
		// For TLS 1.2, only cipher suites with authenticated encryption and forward secrecy
		// (RFC 9325 section 4.2). All cipher suites of TLS 1.3 have both.
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
		// fasthttp speaks HTTP/1.1 only: MinIO with enable_http2 falls back to it.
		NextProtos:   []string{"http/1.1"},
		Certificates: []tls.Certificate{pair},
	}
	if c.clientCA != "" {
		config.ClientCAs = x509.NewCertPool()
		if err := pemfile.Append(config.ClientCAs, c.clientCA); err != nil {
			return fmt.Errorf("server.client_ca: %w", err)
		}
		// The handshake does not require a certificate, because the identity provider sends logout
		// tokens and has none. Server requires a certificate before it decides.
		config.ClientAuth = tls.VerifyClientCertIfGiven
		// A resumed session would not be checked against a changed authority.
		config.SessionTicketsDisabled = true
	}
	c.current.Store(config)
	return nil
}

// Leaf returns the certificate in use.
func (c *Certificate) Leaf() *x509.Certificate { return c.current.Load().Certificates[0].Leaf }

// Config returns the listener's TLS configuration. Each handshake uses the certificate that is in use
// at that time.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return c.current.Load(), nil },
	}
}
