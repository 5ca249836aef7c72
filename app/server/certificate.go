package server

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
)

// Certificate is the listener's TLS certificate, and the authority of its
// clients' where they must show one. Both can be read anew while in use.
type Certificate struct {
	certFile, keyFile, clientCA string
	current                     atomic.Pointer[tls.Config]
}

// LoadCertificate reads a certificate and its key, and the certificates of the
// clients' authority unless clientCA is empty. All are PEM.
func LoadCertificate(certFile, keyFile, clientCA string) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile, clientCA: clientCA}
	return c, c.Reload()
}

// Reload reads the files again. Where they don't fit together, as in the middle
// of a renewal, the old ones stay in use.
func (c *Certificate) Reload() error {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("server.tls_cert and server.tls_key: %w", err)
	}
	config := &tls.Config{
		MinVersion: tls.VersionTLS12,
		// Of TLS 1.2 what encrypts and authenticates in one, with forward secrecy
		// (RFC 9325 section 4.2). Those of TLS 1.3 are all so.
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
		if config.ClientCAs, err = readAuthority(c.clientCA); err != nil {
			return fmt.Errorf("server.client_ca: %w", err)
		}
		// Whoever has none is not sent away here: logout tokens come from the
		// identity provider, which has none. Who asks must have shown one.
		config.ClientAuth = tls.VerifyClientCertIfGiven
		// A resumed session would not be held against an authority that changed.
		config.SessionTicketsDisabled = true
	}
	c.current.Store(config)
	return nil
}

func readAuthority(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New(file + " holds no certificate in PEM")
	}
	return pool, nil
}

// Leaf is the certificate in use.
func (c *Certificate) Leaf() *x509.Certificate { return c.current.Load().Certificates[0].Leaf }

// Config is the listener's TLS configuration: each handshake takes what is in
// use by then.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return c.current.Load(), nil },
	}
}
