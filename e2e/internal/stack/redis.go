package stack

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/claimgate/claimgate/e2e/internal/images"
)

const (
	redisPassword = "e2e-redis-password"
	redisCA       = "redis-ca.crt"
	redisSecret   = "redis-password"
)

// redisConfig stores nothing on disk: a Redis that was killed comes back empty.
const redisConfig = `port 0
tls-port 6379
tls-cert-file /etc/claimgate/redis.crt
tls-key-file /etc/claimgate/redis.key
tls-ca-cert-file /etc/claimgate/redis-ca.crt
tls-auth-clients no
requirepass ` + redisPassword + `
protected-mode no
save ""
appendonly no
`

var redisImage = sync.OnceValues(func() (string, error) {
	return images.Redis(context.Background())
})

// useRedis makes the claimgates share revocations through a Redis, over TLS with the
// stack's authority and with a password.
func (o *Options) useRedis() {
	o.Env["CLAIMGATE_REVOCATION_STORE"] = "rediss://redis:6379/0"
	o.Env["CLAIMGATE_REVOCATION_PASSWORD_FILE"] = configDir + "/" + redisSecret
	o.Env["CLAIMGATE_REVOCATION_CA_FILE"] = configDir + "/" + redisCA
	o.Files[redisSecret] = redisPassword
	o.Files[redisCA] = o.CA.PEM()
}

func (p *parts) startRedis(ctx context.Context, o Options) (testcontainers.Container, error) {
	image, err := redisImage()
	if err != nil {
		return nil, fmt.Errorf("image of Redis: %w", err)
	}
	pair, err := o.CA.Issue("redis")
	if err != nil {
		return nil, err
	}
	return p.run(
		ctx, "redis", image,
		testcontainers.WithCmd("redis-server", configDir+"/redis.conf"),
		testcontainers.WithConfigModifier(func(c *container.Config) { c.User = fmt.Sprintf("%d:%d", imageUser, imageUser) }),
		withConfigVolume(),
		withFiles(map[string]string{"redis.conf": redisConfig, "redis.crt": pair.Cert, "redis.key": pair.Key, redisCA: o.CA.PEM()}),
		readyBy(wait.ForLog("Ready to accept connections").WithStartupTimeout(maxWait)),
	)
}

// KillRedis kills Redis. Its data is lost.
func (s *Stack) KillRedis() {
	s.tb.Helper()
	var atOnce time.Duration
	if err := s.redis.Stop(s.tb.Context(), &atOnce); err != nil {
		s.tb.Fatalf("kill Redis: %v", err)
	}
}

// StartRedis starts the killed Redis again.
func (s *Stack) StartRedis() {
	s.tb.Helper()
	if err := s.redis.Start(s.tb.Context()); err != nil {
		s.tb.Fatalf("start Redis again: %v", err)
	}
}
