package images

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// Claimgate builds the project's Dockerfile. Each run builds again, so that the tests use
// the image of the current tree.
func Claimgate(ctx context.Context) (string, error) {
	e, err := open(ctx)
	if err != nil {
		return "", err
	}
	root, err := Repository()
	if err != nil {
		return "", err
	}
	if image := os.Getenv("E2E_CLAIMGATE_IMAGE"); image != "" {
		return e.resolve(ctx, source{env: "E2E_CLAIMGATE_IMAGE"})
	}
	toolchain, err := toolchainImage(root)
	if err != nil {
		return "", err
	}
	base, err := e.resolve(ctx, source{
		env:   "E2E_BUILD_IMAGE",
		names: []string{toolchain, goImage},
		pull:  goImage,
		build: func(ctx context.Context, e *engine) (string, error) {
			return toolchain, importToolchain(ctx, e, root, toolchain)
		},
	})
	if err != nil {
		return "", err
	}
	version := "e2e"
	return e.buildDir(ctx, root, "claimgate-e2e/claimgate:e2e", map[string]*string{
		"BUILD_IMAGE": &base,
		"VERSION":     &version,
	})
}

// Repository returns the directory of the project's Dockerfile: the directory of the
// running test or one above it.
func Repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "Dockerfile")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no Dockerfile in this directory or above it: run the tests inside the repository")
		}
		dir = parent
	}
}
