package stack

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/claimgate/claimgate/e2e/internal/images"
	"github.com/claimgate/claimgate/e2e/internal/pki"
)

var mcBinary = sync.OnceValues(func() (string, error) {
	return images.MC(context.Background())
})

// MC runs MinIO's command line client. The server's alias is "e2e".
type MC struct {
	stack *Stack
	creds credentials.Value
	// header, if not empty, goes with every request: mc -H.
	header string
}

// MC returns a client with the given credentials and an empty configuration.
func (s *Stack) MC(creds credentials.Value) MC { return MC{stack: s, creds: creds} }

// WithToken returns a client that sends a token in the header of Authentik's proxy.
func (m MC) WithToken(token string) MC {
	m.header = "X-Authentik-Jwt: " + token
	return m
}

// Run runs one command and returns its standard output.
func (m MC) Run(stdin string, args ...string) (string, error) {
	m.stack.tb.Helper()
	binary, err := mcBinary()
	if err != nil {
		m.stack.tb.Fatalf("mc: %v", err)
	}
	user := url.UserPassword(m.creds.AccessKeyID, m.creds.SecretAccessKey).String()
	if m.creds.SessionToken != "" {
		user += ":" + m.creds.SessionToken
	}
	home := m.stack.tb.TempDir()
	global := []string{"--config-dir", home, "--disable-pager", "--no-color"}
	if m.header != "" {
		global = append(global, "-H", m.header)
	}
	if m.stack.ca != nil {
		if err := trust(home, m.stack.ca); err != nil {
			m.stack.tb.Fatalf("mc: %v", err)
		}
	}
	ctx := m.stack.tb.Context()
	cmd := exec.CommandContext(ctx, binary, append(global, args...)...)
	scheme, _, _ := strings.Cut(m.stack.minioURL(), "://")
	cmd.Env = []string{"HOME=" + home, "MC_HOST_e2e=" + scheme + "://" + user + "@" + m.stack.MinIOEndpoint()}
	cmd.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("mc %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// trust writes an authority's certificate to mc's directory of trusted ones.
func trust(home string, ca *pki.CA) error {
	dir := filepath.Join(home, "certs", "CAs")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "private-ca.crt"), []byte(ca.PEM()), 0o600)
}
