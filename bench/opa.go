package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/claimgate/claimgate/app/demo/issuer"
)

// opaVersion is the version of Open Policy Agent.
const opaVersion = "v1.22.2"

//go:embed policy.rego
var rego []byte

// jwtCache makes OPA cache verified tokens. By default it does not.
const jwtCache = `{"caching":{"inter_query_builtin_value_cache":{"named":{"io_jwt":{"max_num_entries":10000}}}}}`

// installed returns the path of a program of a Go module. It builds the program once
// for each version, into the user's cache directory.
func installed(ctx context.Context, cache, module, version string) (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	name := filepath.Base(module)
	dir := filepath.Join(base, cache, name+"@"+version)
	binary := filepath.Join(dir, name)
	if _, err := os.Stat(binary); !errors.Is(err, fs.ErrNotExist) {
		return binary, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o750); err != nil {
		return "", err
	}
	// Build in a temporary directory and rename it, so that the next run finds no half build.
	fresh, err := os.MkdirTemp(filepath.Dir(dir), name+"-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(fresh) }()
	fmt.Fprintf(os.Stderr, "building %s %s, which takes some minutes the first time\n", name, version)
	cmd := exec.CommandContext(ctx, "go", "install", module+"@"+version)
	cmd.Dir, cmd.Env = fresh, append(os.Environ(), "CGO_ENABLED=0", "GOBIN="+fresh, "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	if err := os.Rename(fresh, dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return binary, nil
}

// startOPA starts OPA with policy.rego, which means the same as smallMapping.
func (w *world) startOPA(ctx context.Context, name string, iss *issuer.Server, config string) (*process, error) {
	binary, err := installed(ctx, "claimgate-bench", "github.com/open-policy-agent/opa", opaVersion)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(w.dir, "opa-")
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(map[string]any{
		"jwks": string(iss.JWKS()), "issuer": iss.URL(),
		"grants": map[string][]string{"MinIO users": {"readwrite"}},
		"policies": map[string]any{
			"readwrite": []any{map[string]any{"actions": []string{"s3:*"}, "resources": []string{"*"}}},
		},
	})
	if err != nil {
		return nil, err
	}
	policyFile, dataFile, configFile := filepath.Join(dir, "policy.rego"), filepath.Join(dir, "data.json"), filepath.Join(dir, "config.json")
	if err := errors.Join(
		os.WriteFile(policyFile, rego, 0o600), os.WriteFile(dataFile, data, 0o600), os.WriteFile(configFile, []byte(config), 0o600),
	); err != nil {
		return nil, err
	}
	listen, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, binary, "run", "--server", "--skip-version-check", "--log-level=error",
		"--addr="+listen, "--config-file="+configFile, policyFile, dataFile)
	return start(name, "http://"+listen+"/v1/data/minio/allow", cmd)
}
