package stack

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/golang-jwt/jwt/v5"
)

// signingKey is the first key of the embedded issuers. With it, tests sign tokens with
// claims that no user of the issuer has.
var signingKey = sync.OnceValues(func() (*rsa.PrivateKey, error) {
	return rsa.GenerateKey(rand.Reader, 2048)
})

func signingKeyPEM() (string, error) {
	key, err := signingKey()
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}

// Sign signs claims as the embedded issuer does.
func (s *Stack) Sign(claims map[string]any) string {
	s.tb.Helper()
	key, err := signingKey()
	if err != nil {
		s.tb.Fatalf("signing key: %v", err)
	}
	return s.sign(jwt.SigningMethodRS256, s.keyID(), key, claims)
}

// Forge signs claims by HS256 with the client secret that MinIO and the issuer share.
// MinIO's community builds accept this signature (CVE-2026-33322): they register the
// secret as a key whose id is the client id.
func (s *Stack) Forge(claims map[string]any) string {
	s.tb.Helper()
	return s.sign(jwt.SigningMethodHS256, clientID, []byte(clientSecret), claims)
}

func (s *Stack) sign(method jwt.SigningMethod, kid string, key any, claims map[string]any) string {
	s.tb.Helper()
	token := jwt.NewWithClaims(method, jwt.MapClaims(claims))
	token.Header["kid"] = kid
	signed, err := token.SignedString(key)
	if err != nil {
		s.tb.Fatalf("sign a token: %v", err)
	}
	return signed
}

// keyID returns the id of the key that the issuer publishes.
func (s *Stack) keyID() string {
	s.tb.Helper()
	var set struct {
		Keys []struct {
			ID string `json:"kid"`
		} `json:"keys"`
	}
	body, err := s.fromIssuer("jwks/")
	if err == nil {
		err = json.Unmarshal(body, &set)
	}
	if err == nil && len(set.Keys) != 1 {
		err = fmt.Errorf("%d keys, want one", len(set.Keys))
	}
	if err != nil {
		s.tb.Fatalf("key set of the issuer: %v", err)
	}
	return set.Keys[0].ID
}

func (s *Stack) fromIssuer(path string) ([]byte, error) {
	address := "http://" + s.endpoint(s.issuer, issuerPort) + "/application/o/minio/" + path
	req, err := http.NewRequestWithContext(s.tb.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %s of %s", res.Status, address)
	}
	return io.ReadAll(res.Body)
}

// Claims reads the claims of a token. It does not check the signature.
func (s *Stack) Claims(token string) map[string]any {
	s.tb.Helper()
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
		s.tb.Fatalf("read a token: %v", err)
	}
	return claims
}
