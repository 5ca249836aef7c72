package images

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// cacheDir returns the directory for built programs, which later runs use again.
func cacheDir() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no directory for built programs: %w", err)
	}
	return filepath.Join(base, "claimgate-e2e"), nil
}

// goProgram builds a program from its Go module, once for each version. It returns the
// path of a static binary.
func goProgram(ctx context.Context, module, version string) (string, error) {
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	name := filepath.Base(module)
	dir := filepath.Join(cache, name+"@"+version)
	binary := filepath.Join(dir, name)
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err := os.MkdirAll(cache, 0o750); err != nil {
		return "", err
	}
	// Built in another directory and renamed, so that the next run does not find an
	// incomplete build.
	fresh, err := os.MkdirTemp(cache, name+"-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(fresh)

	cmd := exec.CommandContext(ctx, "go", "install", module+"@"+version)
	cmd.Dir = fresh
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOBIN="+fresh, "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	if err := os.Rename(fresh, dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return binary, nil
}
