// Package pemfile reads certificates and keys in PEM, with or without a byte order mark. encoding/pem wants
// "-----BEGIN" at the start of a line. So it would skip the first certificate of a file with such a mark,
// without an error.
package pemfile

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"github.com/claimgate/claimgate/internal/utf8text"
)

// Append adds the certificates of a file to the pool. It returns an error that names the file if the file
// cannot be read, is in UTF-16 or UTF-32, or holds no certificate.
func Append(pool *x509.CertPool, path string) error {
	text, err := utf8text.ReadFile(path)
	if err != nil {
		return err
	}
	if !pool.AppendCertsFromPEM(text) {
		return fmt.Errorf("%s holds no PEM certificate", path)
	}
	return nil
}

// KeyPair reads a certificate and its key, as tls.LoadX509KeyPair does.
func KeyPair(cert, key string) (tls.Certificate, error) {
	certText, err := utf8text.ReadFile(cert)
	if err != nil {
		return tls.Certificate{}, err
	}
	keyText, err := utf8text.ReadFile(key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(certText, keyText)
}
