package stack

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

const (
	configDir   = "/etc/claimgate"
	callerToken = "Bearer e2e-caller-token"
	gatewayPort = "8080"
	adminPort   = "8081/tcp"
	imageUser   = 65532
)

// config is the config.toml for containers on one network.
const config = `[server]
listen = "0.0.0.0:8080"
path   = "/authz"

[admin]
listen = "0.0.0.0:8081"

[[issuer]]
name          = "authentik"
url           = "` + issuerURL + `"
audiences     = ["` + clientID + `"]
insecure_http = true

[mapping]
file   = "mapping.toml"
shadow = "next.toml" # compared, so that every test shows that it has no say
`

// startGateways starts the replicas. All have the same configuration.
func (p *parts) startGateways(ctx context.Context, o Options) error {
	image, err := claimgateImage()
	if err != nil {
		return fmt.Errorf("claimgate image: %w", err)
	}
	for i := range o.Replicas {
		name := "claimgate"
		if o.Front != Direct { // the front has this name
			name = fmt.Sprintf("claimgate-%d", i+1)
		}
		c, err := p.run(
			ctx, name, image,
			testcontainers.WithExposedPorts(adminPort, gatewayPort+"/tcp"),
			testcontainers.WithEnv(o.Env),
			harden(),
			withConfigVolume(),
			withFiles(o.Files),
			// The image's own HEALTHCHECK, with a shorter interval.
			testcontainers.WithConfigModifier(func(c *container.Config) {
				c.Healthcheck = &container.HealthConfig{Interval: time.Second}
			}),
			readyBy(wait.ForHealthCheck().WithStartupTimeout(maxWait)),
		)
		if err != nil {
			return err
		}
		p.gateways = append(p.gateways, &Gateway{container: c, name: name})
	}
	return nil
}

// harden runs a container as the documentation recommends: a read-only file system, no
// capabilities, no new privileges.
func harden() testcontainers.CustomizeRequestOption {
	return testcontainers.WithHostConfigModifier(func(hc *container.HostConfig) {
		hc.ReadonlyRootfs = true
		hc.CapDrop = []string{"ALL"}
		hc.SecurityOpt = []string{"no-new-privileges"}
	})
}

// withConfigVolume mounts a volume for the files of a container whose own file system
// is read-only.
func withConfigVolume() testcontainers.CustomizeRequestOption {
	return testcontainers.WithHostConfigModifier(func(hc *container.HostConfig) {
		hc.Mounts = append(hc.Mounts, mount.Mount{Type: mount.TypeVolume, Target: configDir})
	})
}

// withFiles writes files into the volume before the container starts.
func withFiles(files map[string]string) testcontainers.CustomizeRequestOption {
	return testcontainers.WithAdditionalLifecycleHooks(testcontainers.ContainerLifecycleHooks{
		PostCreates: []testcontainers.ContainerHook{
			func(ctx context.Context, c testcontainers.Container) error { return copyFiles(ctx, c, files) },
		},
	})
}

// copyFiles writes files into the configuration volume. The container's own
// CopyToContainer would start at the root, which is read-only.
func copyFiles(ctx context.Context, c testcontainers.Container, files map[string]string) error {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for name, content := range files {
		header := &tar.Header{Name: name, Mode: 0o600, Uid: imageUser, Gid: imageUser, Size: int64(len(content))}
		if err := w.WriteHeader(header); err != nil {
			return err
		}
		if _, err := w.Write([]byte(content)); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	engine, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	_, err = engine.CopyToContainer(ctx, c.GetContainerID(), client.CopyToContainerOptions{
		DestinationPath: configDir,
		Content:         &archive,
	})
	return err
}

// WriteMapping replaces mapping.toml under the running gateway.
func (s *Stack) WriteMapping(mapping string) {
	s.tb.Helper()
	s.Gateway(0).WriteFiles(map[string]string{"mapping.toml": mapping})
}

// StopGateway stops claimgate as "docker stop" does.
func (s *Stack) StopGateway() {
	s.tb.Helper()
	s.Gateway(0).Stop()
}

// StartGateway starts the stopped claimgate again and waits until it is healthy.
func (s *Stack) StartGateway() {
	s.tb.Helper()
	s.Gateway(0).Start()
}

// GatewayLog returns everything that claimgate has written so far.
func (s *Stack) GatewayLog() string {
	s.tb.Helper()
	return s.Gateway(0).Log()
}
