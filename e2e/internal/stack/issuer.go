package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/claimgate/claimgate/e2e/internal/images"
)

const (
	issuerPort = "9000/tcp"
	issuerHost = "issuer:9000"
	issuerURL  = "http://" + issuerHost + "/application/o/minio/"
	clientID   = "minio"

	keyFile = "signing-key.pem"

	// AllScopes bring groups, policy and authentik_token, the token inside the token.
	AllScopes = "openid email profile minio"
	// NoEvidence leaves out the minio scope: a session from such a token carries no
	// authentik_token.
	NoEvidence = "openid email profile"
)

// claimgateImage is built once for all tests of a run.
var claimgateImage = sync.OnceValues(func() (string, error) {
	return images.Claimgate(context.Background())
})

// startIssuer starts the issuer of claimgate's demo in place of Authentik. Its tokens
// have the same claims.
func (p *parts) startIssuer(ctx context.Context, o Options) (testcontainers.Container, error) {
	image, err := claimgateImage()
	if err != nil {
		return nil, fmt.Errorf("claimgate image: %w", err)
	}
	key, err := signingKeyPEM()
	if err != nil {
		return nil, err
	}
	command := []string{
		"demo", "issuer", "--listen", "0.0.0.0:9000", "--url", issuerURL, "--client-id", clientID,
		"--key-file", configDir + "/" + keyFile,
	}
	return p.run(
		ctx, "issuer", image,
		testcontainers.WithCmd(append(command, o.Issuer...)...),
		withConfigVolume(),
		withFiles(map[string]string{keyFile: key}),
		testcontainers.WithExposedPorts(issuerPort),
		readyBy(wait.ForHTTP("/application/o/minio/.well-known/openid-configuration").WithPort(issuerPort).WithStartupTimeout(maxWait)),
		harden(),
	)
}

// Tokens is the answer of the issuer's token endpoint.
type Tokens struct {
	ID     string `json:"id_token"`
	Access string `json:"access_token"`
}

// Login gets tokens for a user of the issuer, by an app password.
func (s *Stack) Login(user, scope string) Tokens {
	s.tb.Helper()
	return s.login(clientID, user, scope)
}

func (s *Stack) login(client, user, scope string) Tokens {
	s.tb.Helper()
	form := url.Values{
		"grant_type": {"client_credentials"},
		"client_id":  {client},
		"username":   {user},
		"password":   {user + "-app-password"},
		"scope":      {scope},
	}
	address := "http://" + s.endpoint(s.issuer, issuerPort) + "/application/o/token/"
	body, err := post(s.tb.Context(), address, form)
	if err != nil {
		s.tb.Fatalf("token for %s: %v", user, err)
	}
	var tokens Tokens
	if err := json.Unmarshal(body, &tokens); err != nil {
		s.tb.Fatalf("token for %s: %v", user, err)
	}
	return tokens
}

func post(ctx context.Context, address string, form url.Values) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	// Authentik builds iss from the Host header.
	req.Host = issuerHost
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %s: %s", res.Status, body)
	}
	return body, nil
}

// RotateIssuerKey makes the issuer replace its key. As with Authentik, the two keys
// never count at the same time.
func (s *Stack) RotateIssuerKey() {
	s.tb.Helper()
	before := s.keyID()
	if err := sendSignal(s.tb.Context(), s.issuer, "SIGHUP"); err != nil {
		s.tb.Fatalf("SIGHUP to the issuer: %v", err)
	}
	for s.keyID() == before {
		select {
		case <-s.tb.Context().Done():
			s.tb.Fatal("the issuer did not rotate its key")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// StopIssuer stops the issuer.
func (s *Stack) StopIssuer() {
	s.tb.Helper()
	if err := s.issuer.Stop(s.tb.Context(), nil); err != nil {
		s.tb.Fatalf("stop the issuer: %v", err)
	}
}

// StartIssuer starts the stopped issuer again.
func (s *Stack) StartIssuer() {
	s.tb.Helper()
	if err := s.issuer.Start(s.tb.Context()); err != nil {
		s.tb.Fatalf("start the issuer again: %v", err)
	}
}
