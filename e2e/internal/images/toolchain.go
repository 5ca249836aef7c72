package images

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

// certificates is the CA bundle that the Dockerfile copies from its build image.
const certificates = "/etc/ssl/certs/ca-certificates.crt"

// toolchainImage returns a name that depends on the Go version and on go.sum: a new Go
// or a new module needs a new image.
func toolchainImage(root string) (string, error) {
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(sums)
	return fmt.Sprintf("claimgate-e2e/toolchain:%s-%x", runtime.Version(), sum[:8]), nil
}

// importToolchain makes a build image without a registry: the installed Go, a module
// proxy in files with the modules of go.sum, and the CA certificates. The image has no
// shell, and a build in it needs no network.
func importToolchain(ctx context.Context, e *engine, root, image string) error {
	download := exec.CommandContext(ctx, "go", "mod", "download")
	download.Dir = root
	if out, err := download.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", download, err, out)
	}
	goroot, err := goEnv(ctx, root, "GOROOT")
	if err != nil {
		return err
	}
	modules, err := goEnv(ctx, root, "GOMODCACHE")
	if err != nil {
		return err
	}
	reader, writer := io.Pipe()
	go func() {
		out := &tree{tar: tar.NewWriter(writer)}
		err := errors.Join(out.toolchain(goroot), out.proxy(root, modules), out.file(certificates, certificates))
		writer.CloseWithError(errors.Join(err, out.tar.Close()))
	}()
	return e.importTar(ctx, image, reader,
		"ENV PATH=/usr/local/go/bin",
		"ENV GOROOT=/usr/local/go",
		"ENV GOTOOLCHAIN=local",
		"ENV GOPROXY=file:///proxy",
		// Needs the network. The hashes of go.sum are still checked.
		"ENV GOSUMDB=off",
		"ENV GOPATH=/go",
		"ENV HOME=/tmp",
	)
}

func goEnv(ctx context.Context, dir, name string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "env", name)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", cmd, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// tree writes the files of the image.
type tree struct {
	tar *tar.Writer
}

// toolchain adds the files that compiling needs: not Go's tests and documentation, which
// are half of all files.
func (t *tree) toolchain(goroot string) error {
	if err := t.tar.WriteHeader(&tar.Header{Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o1777}); err != nil {
		return err
	}
	return filepath.WalkDir(goroot, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(goroot, name)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			switch {
			case entry.Name() == "testdata", rel == "test", rel == "doc", rel == "api", rel == "misc", rel == "pkg/mod":
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(rel, "_test.go") {
			return nil
		}
		return t.file(name, path.Join("/usr/local/go", filepath.ToSlash(rel)))
	})
}

// proxy adds the modules of go.sum from the module cache. The cache's download directory
// has the layout of a module proxy.
func (t *tree) proxy(root, cache string) error {
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		return err
	}
	done := make(map[string]bool)
	for line := range strings.Lines(string(sums)) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			continue
		}
		module, version := fields[0], strings.TrimSuffix(fields[1], "/go.mod")
		if done[module+"@"+version] {
			continue
		}
		done[module+"@"+version] = true
		for _, suffix := range []string{".info", ".mod", ".zip"} {
			rel := path.Join(escape(module), "@v", escape(version)+suffix)
			err := t.file(filepath.Join(cache, "cache", "download", filepath.FromSlash(rel)), path.Join("/proxy", rel))
			// For many modules the cache has only go.mod: nothing else was needed.
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// escape encodes a module path for file systems: an upper-case letter becomes "!" and
// its lower-case letter.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if 'A' <= r && r <= 'Z' {
			b.WriteByte('!')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (t *tree) file(from, to string) error {
	// Stat, not Lstat: the certificates of some distributions are links.
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	header, err := tar.FileInfoHeader(info, "")
	if err != nil {
		return err
	}
	header.Name = strings.TrimPrefix(to, "/")
	header.Uid, header.Gid, header.Uname, header.Gname = 0, 0, "", ""
	if err := t.tar.WriteHeader(header); err != nil {
		return err
	}
	content, err := os.Open(from)
	if err != nil {
		return err
	}
	defer content.Close()
	_, err = io.Copy(t.tar, content)
	return err
}
