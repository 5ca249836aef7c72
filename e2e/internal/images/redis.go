package images

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
)

// Redis returns an image in which "redis-server FILE" runs. If none is available, it is
// made from this machine's redis-server and its libraries.
func Redis(ctx context.Context) (string, error) {
	e, err := open(ctx)
	if err != nil {
		return "", err
	}
	const own = "claimgate-e2e/redis:package"
	return e.resolve(ctx, source{
		env:   "E2E_REDIS_IMAGE",
		names: []string{redisImage, own},
		pull:  redisImage,
		build: func(ctx context.Context, e *engine) (string, error) {
			binary, err := exec.LookPath("redis-server")
			if err != nil {
				return "", fmt.Errorf("install the package redis-server, or set E2E_REDIS_IMAGE: %w", err)
			}
			return own, importProgram(ctx, e, own, binary, "/usr/bin/redis-server")
		},
	})
}

// library matches the absolute paths in the output of ldd, the loader included.
var library = regexp.MustCompile(`(?m)(/\S+) \(0x`)

// importProgram makes an image of a program and its shared libraries.
func importProgram(ctx context.Context, e *engine, image, binary, as string) error {
	linked, err := exec.CommandContext(ctx, "ldd", binary).Output()
	if err != nil {
		return fmt.Errorf("ldd %s: %w", binary, err)
	}
	reader, writer := io.Pipe()
	go func() {
		out := &tree{tar: tar.NewWriter(writer)}
		err := out.file(binary, as)
		for _, found := range library.FindAllStringSubmatch(string(linked), -1) {
			err = errors.Join(err, out.file(found[1], found[1]))
		}
		writer.CloseWithError(errors.Join(err, out.tar.Close()))
	}()
	return e.importTar(ctx, image, reader, "ENV PATH=/usr/bin")
}
