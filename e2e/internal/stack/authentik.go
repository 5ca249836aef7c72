package stack

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/testcontainers/testcontainers-go"
	tcexec "github.com/testcontainers/testcontainers-go/exec"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/claimgate/claimgate/e2e/internal/images"
)

// authentikUsers is applied after the blueprint of deploy/authentik.
//
//go:embed authentik.yaml
var authentikUsers []byte

// authentikWait ends a start that hangs. The first start runs migrations, which take
// minutes on a small machine.
const authentikWait = 10 * time.Minute

// Names in Authentik's directory of blueprints.
const (
	deliveredBlueprint = "claimgate.yaml"
	usersBlueprint     = "claimgate-e2e.yaml"
)

// startAuthentik starts a real Authentik in place of the embedded issuer. It returns
// the server, which other containers reach as "issuer", when it has the test users.
func (p *parts) startAuthentik(ctx context.Context, from images.AuthentikImages) (testcontainers.Container, error) {
	env := map[string]string{
		"AUTHENTIK_SECRET_KEY":               "e2e-authentik-secret-key-that-nothing-depends-on",
		"AUTHENTIK_POSTGRESQL__HOST":         "postgresql",
		"AUTHENTIK_POSTGRESQL__NAME":         "authentik",
		"AUTHENTIK_POSTGRESQL__USER":         "authentik",
		"AUTHENTIK_POSTGRESQL__PASSWORD":     "authentik",
		"AUTHENTIK_REDIS__HOST":              "redis",
		"AUTHENTIK_DISABLE_UPDATE_CHECK":     "true",
		"AUTHENTIK_ERROR_REPORTING__ENABLED": "false",
		// The blueprint reads this variable.
		"MINIO_CLIENT_SECRET": clientSecret,
	}
	_, err := p.run(
		ctx, "postgresql", from.Postgres,
		testcontainers.WithEnv(map[string]string{
			"POSTGRES_DB": "authentik", "POSTGRES_USER": "authentik", "POSTGRES_PASSWORD": "authentik",
		}),
		// The first one ends after the initialization.
		readyBy(wait.ForLog("database system is ready to accept connections").WithOccurrence(2).WithStartupTimeout(maxWait)),
	)
	if err != nil {
		return nil, err
	}
	if from.Redis != "" {
		if _, err := p.run(ctx, "redis", from.Redis, readyBy(wait.ForLog("Ready to accept connections").WithStartupTimeout(maxWait))); err != nil {
			return nil, err
		}
	}
	worker, err := p.startAuthentikWorker(ctx, from.Server, env)
	if err != nil {
		return nil, err
	}
	server, err := p.run(
		ctx, "issuer", from.Server,
		testcontainers.WithCmd("server"),
		testcontainers.WithEnv(env),
		testcontainers.WithExposedPorts(issuerPort),
		testcontainers.WithWaitStrategyAndDeadline(authentikWait, wait.ForHTTP("/-/health/ready/").WithPort(issuerPort).WithStartupTimeout(authentikWait).
			WithStatusCodeMatcher(func(status int) bool { return status >= 200 && status < 300 })),
	)
	if err != nil {
		return server, err
	}
	return server, applyBlueprints(ctx, worker)
}

func (p *parts) startAuthentikWorker(ctx context.Context, image string, env map[string]string) (testcontainers.Container, error) {
	root, err := images.Repository()
	if err != nil {
		return nil, err
	}
	delivered, err := os.ReadFile(filepath.Join(root, "deploy", "authentik", deliveredBlueprint))
	if err != nil {
		return nil, err
	}
	return p.run(
		ctx, "authentik-worker", image,
		testcontainers.WithCmd("worker"),
		testcontainers.WithEnv(env),
		testcontainers.WithFiles(
			testcontainers.ContainerFile{Reader: bytes.NewReader(delivered), ContainerFilePath: "/blueprints/" + deliveredBlueprint, FileMode: 0o644},
			testcontainers.ContainerFile{Reader: bytes.NewReader(authentikUsers), ContainerFilePath: "/blueprints/" + usersBlueprint, FileMode: 0o644},
		),
	)
}

// applyBlueprints tries until both blueprints are applied. They need Authentik's own
// blueprints, which the worker applies some time after its migrations.
func applyBlueprints(ctx context.Context, worker testcontainers.Container) error {
	ctx, cancel := context.WithTimeout(ctx, authentikWait)
	defer cancel()
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		err := ak(ctx, worker, "apply_blueprint", deliveredBlueprint, usersBlueprint)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("blueprints of Authentik: %w", err)
		case <-tick.C:
		}
	}
}

// ak runs a command of Authentik.
func ak(ctx context.Context, c testcontainers.Container, args ...string) error {
	code, output, err := c.Exec(ctx, append([]string{"ak"}, args...), tcexec.Multiplexed())
	if err != nil {
		return err
	}
	text, err := io.ReadAll(output)
	if err == nil && code != 0 {
		err = errors.New("exit code " + fmt.Sprint(code))
	}
	if err != nil {
		return fmt.Errorf("ak %s: %w: %s", args[0], err, text)
	}
	return nil
}
