package stack

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"maps"
	"sync"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/claimgate/claimgate/e2e/internal/images"
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

func (p *parts) startMinIO(ctx context.Context, o Options) (testcontainers.Container, error) {
	image, err := minioImage()
	if err != nil {
		return nil, fmt.Errorf("MinIO image: %w", err)
	}
	env := map[string]string{
		"MINIO_ROOT_USER":                     rootUser,
		"MINIO_ROOT_PASSWORD":                 rootPassword,
		"MINIO_REGION":                        region,
		"MINIO_BROWSER":                       "off",
		"MINIO_POLICY_PLUGIN_URL":             "http://claimgate:8080/authz",
		"MINIO_POLICY_PLUGIN_AUTH_TOKEN":      callerToken,
		"MINIO_IDENTITY_OPENID_CONFIG_URL":    issuerURL + ".well-known/openid-configuration",
		"MINIO_IDENTITY_OPENID_CLIENT_ID":     clientID,
		"MINIO_IDENTITY_OPENID_CLIENT_SECRET": clientSecret,
		// Role mode leaves the claims as they are. The policy does not exist,
		// so that without its webhook MinIO grants nothing.
		"MINIO_IDENTITY_OPENID_ROLE_POLICY": "decided-by-claimgate",
	}
	maps.Copy(env, o.MinIO)
	return p.run(
		ctx, "minio", image,
		testcontainers.WithCmd("server", "/data"),
		testcontainers.WithEnv(env),
		testcontainers.WithExposedPorts(minioPort),
		// live and ready answer before the webhook has been reached; cluster
		// does not.
		testcontainers.WithWaitStrategy(wait.ForHTTP("/minio/health/cluster").WithPort(minioPort)),
	)
}

// roleARN is the role that MinIO makes of a provider in role mode: the SHA-1
// of the client id, in the server's region.
func roleARN() string {
	sum := sha1.Sum([]byte(clientID))
	return "arn:minio:iam:" + region + "::role/" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// MinIOEndpoint is where MinIO is reached from the host.
func (s *Stack) MinIOEndpoint() string {
	s.tb.Helper()
	return s.endpoint(s.minio, minioPort)
}

// Root are the credentials that the webhook lets pass without a token.
func (s *Stack) Root() credentials.Value {
	return credentials.Value{AccessKeyID: rootUser, SecretAccessKey: rootPassword, SignerType: credentials.SignatureV4}
}

// S3 is a client with the given credentials.
func (s *Stack) S3(creds credentials.Value) *minio.Client {
	s.tb.Helper()
	c, err := minio.New(s.MinIOEndpoint(), &minio.Options{
		Creds:  credentials.NewStatic(creds.AccessKeyID, creds.SecretAccessKey, creds.SessionToken, credentials.SignatureV4),
		Region: region,
		// A denial is final; a retried one only makes the test slow.
		MaxRetries: 1,
	})
	if err != nil {
		s.tb.Fatal(err)
	}
	return c
}
