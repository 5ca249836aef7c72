package images

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// builds are the programs of this repository and of the identity providers for e2e/login: the module, the package,
// and flags of go build.
var builds = map[string]struct {
	module, what string
	flags        []string
}{
	"claimgate": {module: ".", what: "./app"},
	"dex":       {module: "e2e/providers/dex", what: "github.com/dexidp/dex/cmd/dex"},
	"hydra":     {module: "e2e/providers/hydra", what: "github.com/ory/hydra/v2", flags: []string{"-tags", "sqlite,json1"}},
	"zitadel":   {module: "e2e/providers/zitadel", what: "."},
}

// Build builds claimgate, dex, hydra or zitadel into the directory.
func Build(ctx context.Context, dir, name string) error {
	b, known := builds[name]
	if !known {
		return fmt.Errorf("no build is called %q", name)
	}
	root, err := Repository()
	if err != nil {
		return err
	}
	args := append([]string{"build", "-o", filepath.Join(dir, name)}, b.flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, b.what)...)
	cmd.Dir = filepath.Join(root, b.module)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return nil
}

// BuildAll builds everything that the tests build from Go modules, one after the other, so that the builds are in
// Go's cache when the tests begin. The time limit of the tests then does not depend on how fast a machine compiles.
func BuildAll(ctx context.Context, dir string) error {
	if _, err := Programs(ctx); err != nil {
		return err
	}
	for name := range builds {
		if err := Build(ctx, dir, name); err != nil {
			return err
		}
	}
	return nil
}
