package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/claimgate/claimgate/app/demo/issuer"
)

// soundConfig starts an issuer, and writes a config.toml and a mapping without errors for the issuer.
func soundConfig(t *testing.T) (config string, iss *issuer.Server) {
	t.Helper()
	iss, err := issuer.Listen(t.Context(), "127.0.0.1:0", issuer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = iss.Close() })
	dir := t.TempDir()
	config = filepath.Join(dir, "config.toml")
	text := fmt.Sprintf("[server]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[[issuer]]\nname = \"authentik\"\nurl = %q\naudiences = [\"minio\"]\n", iss.URL())
	for file, text := range map[string]string{config: text, filepath.Join(dir, "mapping.toml"): "version = 1\n[[account]]\nname = \"alice\"\npolicies = [\"readonly\"]\nreason = \"test\"\nowner = \"test\"\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return config, iss
}

// command runs claimgate and returns its exit code and what it printed.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, &out, &err)
	return code, out.String(), err.String()
}
