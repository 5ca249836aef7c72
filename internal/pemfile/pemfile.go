// Package pemfile reads certificates and keys in PEM. encoding/pem begins at the first "-----BEGIN" that
// stands at the start of a line, so that with a byte order mark of an editor the first certificate of a
// file would be left out without a word.
package pemfile

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"github.com/claimgate/claimgate/internal/utf8text"
)

// Append adds the certificates of a file to the pool. The error names the file: a file that cannot be
// read, that is UTF-16 or UTF-32, or that holds no certificate.
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
