package e2e

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/e2e/internal/pki"
	"github.com/claimgate/claimgate/e2e/internal/stack"
)

// MinIO asks over TLS, trusts a private certificate authority in its certs directory,
// and authenticates with a caller token. The certificate and the token are replaced
// while requests come in.
func TestTLSAndCallerTokens(t *testing.T) {
	t.Parallel()
	ca := authority(t)
	s := seeded(t, stack.Options{
		CA: ca,
		MinIO: map[string]string{
			"MINIO_POLICY_PLUGIN_ENABLE_HTTP2": "on",
			"MINIO_POLICY_PLUGIN_AUTH_TOKEN":   firstCaller,
		},
		Env:   map[string]string{"CLAIMGATE_SERVER_CALLER_TOKENS_FILE": callersFile},
		Files: map[string]string{"callers": firstCaller},
	})
	alice, nobody := s.MustSession("alice", stack.AllScopes), s.MustSession("nobody", stack.AllScopes)
	all := grant{list: true, get: true, put: true}
	served := func(t *testing.T) {
		t.Helper()
		all.check(t, viaS3(s.S3(alice)))
		all.check(t, viaMC(s.MC(alice)))
		grant{}.check(t, viaS3(s.S3(nobody)))
	}

	t.Run("MinIO offers HTTP/2 and uses HTTP/1.1", func(t *testing.T) {
		served(t)
		offering := ca.Client()
		offering.NextProtos = []string{"h2", "http/1.1"}
		if state := handshake(t, s, offering); state.NegotiatedProtocol != "http/1.1" {
			t.Errorf("offered h2 and http/1.1, claimgate chose %q", state.NegotiatedProtocol)
		}
	})
	t.Run("a renewed certificate is served without a restart", func(t *testing.T) {
		before := serial(t, s)
		renew(t, s, ca)
		eventually(t, func() error {
			if serial(t, s).Cmp(before) == 0 {
				return errors.New("the old certificate is served")
			}
			return nil
		})
		served(t)
	})
	t.Run("a certificate of another authority denies", func(t *testing.T) {
		renew(t, s, authority(t))
		// MinIO keeps its open connections. Killing claimgate ends them.
		s.Gateway(0).Kill()
		s.Gateway(0).Start()
		grant{}.check(t, viaS3(s.S3(s.Root())))
		grant{}.check(t, viaS3(s.S3(alice)))
		renew(t, s, ca)
		becomes(t, "alice's get", viaS3(s.S3(alice)).get, true)
		served(t)
	})
	t.Run("a caller token is rotated in three steps", func(t *testing.T) {
		admit(t, s, firstCaller, secondCaller)
		served(t)
		s.RestartMinIO(map[string]string{"MINIO_POLICY_PLUGIN_AUTH_TOKEN": secondCaller})
		served(t)
		admit(t, s, secondCaller)
		served(t)
		if answer := probe(t, s, firstCaller); answer != `401 {"result":false,"error":"caller_unauthenticated"}` {
			t.Errorf("the answer to the old token is %s", answer)
		}
	})
	t.Run("a MinIO with the wrong token is denied everything", func(t *testing.T) {
		admit(t, s, firstCaller)
		grant{}.check(t, viaS3(s.S3(s.Root())))
		grant{}.check(t, viaS3(s.S3(alice)))
		if err := s.MinIOHealth("cluster"); err != nil {
			t.Error(err)
		}
		admit(t, s, secondCaller)
		served(t)
	})
}

const (
	firstCaller, secondCaller = "Bearer first-caller-token", "Bearer second-caller-token"
	// callersFile is the file of caller tokens in the container.
	callersFile = "/etc/claimgate/callers"
)

func authority(t *testing.T) *pki.CA {
	t.Helper()
	ca, err := pki.New("a private authority")
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// renew replaces claimgate's certificate.
func renew(t *testing.T, s *stack.Stack, ca *pki.CA) {
	t.Helper()
	pair, err := ca.Issue("claimgate")
	if err != nil {
		t.Fatal(err)
	}
	s.Gateway(0).WriteFiles(map[string]string{"tls.crt": pair.Cert, "tls.key": pair.Key})
}

// admit replaces the caller tokens and waits until the new ones count.
func admit(t *testing.T, s *stack.Stack, tokens ...string) {
	t.Helper()
	s.Gateway(0).WriteFiles(map[string]string{"callers": strings.Join(tokens, "\n")})
	eventually(t, func() error {
		for _, token := range []string{firstCaller, secondCaller} {
			want := "401"
			if slices.Contains(tokens, token) {
				want = "200"
			}
			if answer := probe(t, s, token); !strings.HasPrefix(answer, want) {
				return fmt.Errorf("the answer to a caller token is %s, want %s", answer, want)
			}
		}
		return nil
	})
}

// probe sends MinIO's start-up probe with a caller token and returns status and body.
func probe(t *testing.T, s *stack.Stack, token string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+s.Gateway(0).Address()+"/authz", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", token)
	res, err := s.HTTPClient().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", res.StatusCode, body)
}

func handshake(t *testing.T, s *stack.Stack, c *tls.Config) tls.ConnectionState {
	t.Helper()
	dialer := tls.Dialer{Config: c, NetDialer: &net.Dialer{Timeout: 10 * time.Second}}
	conn, err := dialer.DialContext(t.Context(), "tcp", s.Gateway(0).Address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState()
}

// serial returns the serial number of the certificate in use, of any issuer.
func serial(t *testing.T, s *stack.Stack) *big.Int {
	t.Helper()
	anybody := &tls.Config{InsecureSkipVerify: true} // any certificate will do
	return handshake(t, s, anybody).PeerCertificates[0].SerialNumber
}
