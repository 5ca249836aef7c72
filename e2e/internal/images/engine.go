package images

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
)

// pullTimeout limits a pull. An image that was pulled once is found in the engine.
const pullTimeout = 90 * time.Second

// firstByteTimeout limits the wait for a registry's first answer.
const firstByteTimeout = 10 * time.Second

// source lists where an image may come from.
type source struct {
	env   string // environment variable with the name of an image
	names []string
	pull  string
	build func(ctx context.Context, engine *engine) (string, error)
}

type engine struct {
	provider *testcontainers.DockerProvider
	client   client.APIClient
}

// open connects to the container engine. Without one the tests fail and are not
// skipped: a skipped test proves nothing.
func open(ctx context.Context) (*engine, error) {
	provider, err := testcontainers.NewDockerProvider()
	if err != nil {
		return nil, fmt.Errorf("no container engine: %w", err)
	}
	if err := provider.Health(ctx); err != nil {
		return nil, fmt.Errorf("the container engine does not answer: %w", err)
	}
	return &engine{provider: provider, client: provider.Client()}, nil
}

func (e *engine) has(ctx context.Context, image string) bool {
	_, err := e.client.ImageInspect(ctx, image)
	return err == nil
}

func (e *engine) resolve(ctx context.Context, s source) (string, error) {
	if image := os.Getenv(s.env); image != "" {
		if e.has(ctx, image) {
			return image, nil
		}
		if err := e.pullImage(ctx, image); err != nil {
			return "", fmt.Errorf("%s=%s: %w", s.env, image, err)
		}
		return image, nil
	}
	for _, image := range s.names {
		if e.has(ctx, image) {
			return image, nil
		}
	}
	var pullErr error
	if s.pull != "" {
		if pullErr = e.pullImage(ctx, s.pull); pullErr == nil {
			return s.pull, nil
		}
	}
	if s.build == nil {
		return "", fmt.Errorf("set %s: %w", s.env, pullErr)
	}
	image, err := s.build(ctx, e)
	if err != nil { // a failed pull does not matter if the build succeeds
		err = errors.Join(err, pullErr)
	}
	return image, err
}

func (e *engine) pullImage(ctx context.Context, image string) error {
	ctx, cancel := context.WithTimeout(ctx, pullTimeout)
	defer cancel()
	silent := time.AfterFunc(firstByteTimeout, cancel)
	defer silent.Stop()

	res, err := e.client.ImagePull(ctx, image, client.ImagePullOptions{})
	if err != nil {
		return fmt.Errorf("pull %s: %w", image, err)
	}
	silent.Stop()
	defer res.Close()
	if err := res.Wait(ctx); err != nil {
		return fmt.Errorf("pull %s: %w", image, err)
	}
	return nil
}

// importTar makes an image with one layer.
func (e *engine) importTar(ctx context.Context, image string, tar io.Reader, changes ...string) error {
	name, tag, _ := strings.Cut(image, ":")
	res, err := e.client.ImageImport(ctx, client.ImageImportSource{Source: tar, SourceName: "-"}, name,
		client.ImageImportOptions{Tag: tag, Changes: changes})
	if err != nil {
		return fmt.Errorf("import %s: %w", image, err)
	}
	defer res.Close()
	if _, err := io.Copy(io.Discard, res); err != nil {
		return fmt.Errorf("import %s: %w", image, err)
	}
	if !e.has(ctx, image) {
		return fmt.Errorf("import %s: the engine does not have the image afterwards", image)
	}
	return nil
}

// buildDir builds the Dockerfile of a directory with the classic builder, which every
// engine has.
func (e *engine) buildDir(ctx context.Context, dir, image string, args map[string]*string) (string, error) {
	var log strings.Builder
	name, tag, _ := strings.Cut(image, ":")
	built, err := e.provider.BuildImage(ctx, &testcontainers.ContainerRequest{
		FromDockerfile: testcontainers.FromDockerfile{
			Context:        dir,
			Repo:           name,
			Tag:            tag,
			BuildArgs:      args,
			KeepImage:      true,
			BuildLogWriter: &log,
		},
	})
	if err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", image, err, log.String())
	}
	return built, nil
}
