package stack

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/moby/moby/api/types/container"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/claimgate/claimgate/e2e/internal/images"
	"github.com/claimgate/claimgate/e2e/internal/pki"
)

const (
	minioPort = "9000/tcp"
	region    = "us-east-1"

	rootUser     = "rootadmin"
	rootPassword = "rootadmin-secret"
	clientSecret = "e2e-client-secret"
)

var minioImage = sync.OnceValues(func() (string, error) {
	return images.MinIO(context.Background())
})

// startMinIO starts a MinIO with its webhook at the given address.
func (p *parts) startMinIO(ctx context.Context, o Options, webhook string) (testcontainers.Container, error) {
	image, err := minioImage()
	if err != nil {
		return nil, fmt.Errorf("MinIO image: %w", err)
	}
	env := map[string]string{
		"MINIO_ROOT_USER":                     rootUser,
		"MINIO_ROOT_PASSWORD":                 rootPassword,
		"MINIO_REGION":                        region,
		"MINIO_BROWSER":                       "off",
		"MINIO_POLICY_PLUGIN_URL":             webhook,
		"MINIO_POLICY_PLUGIN_AUTH_TOKEN":      callerToken,
		"MINIO_IDENTITY_OPENID_CONFIG_URL":    issuerURL + ".well-known/openid-configuration",
		"MINIO_IDENTITY_OPENID_CLIENT_ID":     clientID,
		"MINIO_IDENTITY_OPENID_CLIENT_SECRET": clientSecret,
		// In role mode MinIO does not change the claims. The policy does not exist, so
		// that MinIO grants nothing without its webhook.
		"MINIO_IDENTITY_OPENID_ROLE_POLICY": "decided-by-claimgate",
		"MINIO_CONFIG_ENV_FILE":             envFile,
	}
	maps.Copy(env, o.MinIO)
	// live and ready answer before MinIO has reached its webhook; cluster does not.
	healthy := wait.ForHTTP("/minio/health/cluster").WithPort(minioPort)
	files := []testcontainers.ContainerFile{{Reader: strings.NewReader(""), ContainerFilePath: envFile, FileMode: 0o600}}
	if o.CA != nil {
		healthy = healthy.WithTLS(true, o.CA.Client())
		certs, err := minioCerts(o.CA)
		if err != nil {
			return nil, err
		}
		files = append(files, certs...)
	}
	return p.run(
		ctx, "minio", image,
		testcontainers.WithCmd("server", "--certs-dir", certsDir, "/data"),
		testcontainers.WithEnv(env),
		testcontainers.WithFiles(files...),
		testcontainers.WithExposedPorts(minioPort),
		testcontainers.WithHostConfigModifier(func(hc *container.HostConfig) {
			if p.host != "" {
				hc.ExtraHosts = append(hc.ExtraHosts, "claimgate:"+p.host)
			}
		}),
		readyBy(healthy.WithStartupTimeout(maxWait)),
	)
}

const (
	certsDir = "/certs"
	// envFile is read by MinIO at each start and overrides the environment.
	envFile = "/etc/minio.env"
)

// RestartMinIO restarts MinIO with a changed environment. Its port changes, so that
// existing clients no longer reach it.
func (s *Stack) RestartMinIO(env map[string]string) {
	s.tb.Helper()
	ctx := s.tb.Context()
	var text strings.Builder
	for name, value := range env {
		fmt.Fprintf(&text, "%s=%q\n", name, value)
	}
	err := s.minio.CopyToContainer(ctx, []byte(text.String()), envFile, 0o600)
	if err == nil {
		err = s.minio.Stop(ctx, nil)
	}
	if err == nil {
		err = s.minio.Start(ctx)
	}
	if err != nil {
		s.tb.Fatalf("restart MinIO: %v", err)
	}
}

// minioCerts returns MinIO's own certificate and, in CAs, the authority that it trusts
// besides those of the system.
func minioCerts(ca *pki.CA) ([]testcontainers.ContainerFile, error) {
	pair, err := ca.Issue("minio")
	if err != nil {
		return nil, err
	}
	var files []testcontainers.ContainerFile
	for name, content := range map[string]string{"public.crt": pair.Cert, "private.key": pair.Key, "CAs/private-ca.crt": ca.PEM()} {
		files = append(files, testcontainers.ContainerFile{
			Reader: strings.NewReader(content), ContainerFilePath: certsDir + "/" + name, FileMode: 0o644,
		})
	}
	return files, nil
}

// roleARN returns the role of an identity provider in role mode: MinIO builds it from
// the region and the SHA-1 of the client id.
func roleARN() string {
	sum := sha1.Sum([]byte(clientID))
	return "arn:minio:iam:" + region + "::role/" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// MinIOEndpoint returns host and port of MinIO, as reached from this machine.
func (s *Stack) MinIOEndpoint() string {
	s.tb.Helper()
	return s.endpoint(s.minio, minioPort)
}

// MinIOHealth calls one of MinIO's health checks: live, ready or cluster.
func (s *Stack) MinIOHealth(check string) error {
	s.tb.Helper()
	req, err := http.NewRequestWithContext(s.tb.Context(), http.MethodGet, s.minioURL()+"/minio/health/"+check, http.NoBody)
	if err != nil {
		return err
	}
	res, err := (&http.Client{Transport: s.transport()}).Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %s", check, res.Status)
	}
	return nil
}

func (s *Stack) minioURL() string {
	s.tb.Helper()
	if s.ca != nil {
		return "https://" + s.MinIOEndpoint()
	}
	return "http://" + s.MinIOEndpoint()
}

// HTTPClient returns a client without credentials, for MinIO and for claimgate.
func (s *Stack) HTTPClient() *http.Client {
	s.tb.Helper()
	return &http.Client{Transport: s.transport()}
}

// transport returns a transport that trusts the stack's authority, if there is one.
func (s *Stack) transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	if s.ca != nil {
		t.TLSClientConfig = s.ca.Client()
	}
	s.tb.Cleanup(t.CloseIdleConnections)
	return t
}

// Root returns MinIO's root credentials, which need no token.
func (s *Stack) Root() credentials.Value {
	return credentials.Value{AccessKeyID: rootUser, SecretAccessKey: rootPassword, SignerType: credentials.SignatureV4}
}

// S3 returns a client with the given credentials.
func (s *Stack) S3(creds credentials.Value) *minio.Client {
	s.tb.Helper()
	c, err := minio.New(s.MinIOEndpoint(), &minio.Options{
		Creds:     credentials.NewStatic(creds.AccessKeyID, creds.SecretAccessKey, creds.SessionToken, credentials.SignatureV4),
		Region:    region,
		Secure:    s.ca != nil,
		Transport: s.transport(),
		// A denial is final. A retry would only make the test slow.
		MaxRetries: 1,
	})
	if err != nil {
		s.tb.Fatal(err)
	}
	return c
}
