package issuer

import (
	"crypto/md5" //nolint:gosec // Authentik's key id up to 2025.12; it names the key and protects nothing
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t is defined with SHA-1, RFC 7517 section 4.8
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// key is a signing key with the values that the key set publishes.
type key struct {
	private *rsa.PrivateKey
	id      string
	cert    []byte // DER
}

// jwk is one key of the key set, with the members that Authentik writes.
type jwk struct {
	Kid     string   `json:"kid"`
	Kty     string   `json:"kty"`
	Use     string   `json:"use"`
	Alg     string   `json:"alg"`
	N       string   `json:"n"`
	E       string   `json:"e"`
	X5c     []string `json:"x5c"`
	X5t     string   `json:"x5t"`
	X5tS256 string   `json:"x5t#S256"`
}

func newKey(private *rsa.PrivateKey, now time.Time) (*key, error) {
	text, err := encodePEM(private)
	if err != nil {
		return nil, err
	}
	id := md5.Sum(text) //nolint:gosec // see the import
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "claimgate demo issuer"},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(1, 0, 0),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, fmt.Errorf("certificate of the signing key: %w", err)
	}
	return &key{private: private, id: hex.EncodeToString(id[:]), cert: cert}, nil
}

func (k *key) jwk() jwk {
	x5t := sha1.Sum(k.cert) //nolint:gosec // see the import
	x5tS256 := sha256.Sum256(k.cert)
	return jwk{
		Kid: k.id, Kty: "RSA", Use: "sig", Alg: "RS256",
		N: b64(k.private.N.Bytes()),
		E: b64(big.NewInt(int64(k.private.E)).Bytes()),
		// Standard base64, unlike the other members: RFC 7517 section 4.7.
		X5c:     []string{base64.StdEncoding.EncodeToString(k.cert)},
		X5t:     b64(x5t[:]),
		X5tS256: b64(x5tS256[:]),
	}
}

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

func encodePEM(private *rsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, fmt.Errorf("encode the signing key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// ParseKey parses an RSA private key in PKCS #8 and PEM, as EncodeKey and "openssl genpkey" write it.
func ParseKey(text []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, errors.New(`signing key: no PEM block "PRIVATE KEY" found; make one with "openssl genpkey -algorithm RSA"`)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("signing key: found %T, the demo issuer signs with RSA only", parsed)
	}
	return private, nil
}

// EncodeKey returns the current signing key in the form that ParseKey parses.
func (i *Issuer) EncodeKey() ([]byte, error) {
	return encodePEM(i.current().private)
}
