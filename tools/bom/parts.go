package main

import (
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// part is a module of the binary, or Go's standard library.
type part struct {
	path, version string
	sum           string // h1:..., as in go.sum
	dir           string // its source
	licenses      []string
	texts         []text
}

// text is a license or a notice.
type text struct{ name, content string }

// partsOf reads the modules of a binary, the standard library first.
func partsOf(ctx context.Context, binary string) ([]part, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	goroot, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	parts := []part{{path: "std", version: info.GoVersion, dir: strings.TrimSpace(string(goroot))}}
	for _, m := range info.Deps {
		if m.Replace != nil {
			return nil, fmt.Errorf("%s is replaced by %s: a release must not contain replaced modules", m.Path, m.Replace.Path)
		}
		parts = append(parts, part{path: m.Path, version: m.Version, sum: m.Sum})
	}
	return parts, locate(ctx, parts[1:])
}

// locate finds the sources in the module cache. It downloads missing modules and compares
// the sums with those in the binary.
func locate(ctx context.Context, parts []part) error {
	args := []string{"mod", "download", "-json"}
	for _, p := range parts {
		args = append(args, p.path+"@"+p.version)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go mod download: %w", err)
	}
	found := map[string]struct{ Path, Version, Dir, Sum string }{}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var m struct{ Path, Version, Dir, Sum string }
		if err := decoder.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		found[m.Path+"@"+m.Version] = m
	}
	for i := range parts {
		p := &parts[i]
		m := found[p.path+"@"+p.version]
		if m.Dir == "" || m.Sum != p.sum {
			return fmt.Errorf("%s@%s: the source has the sum %q, the binary names %q", p.path, p.version, m.Sum, p.sum)
		}
		p.dir = m.Dir
	}
	return nil
}

func sha256File(name string) (string, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:]), nil
}
