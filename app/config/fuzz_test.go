package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/internal/finding"
)

// Load returns a Config or an error with a place and a fix, whatever the bytes are.
func FuzzLoad(f *testing.F) {
	example, err := os.ReadFile("../../config.example.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example, "CLAIMGATE_ISSUER_1_URL=https://b.example/")
	f.Add([]byte(issuerTOML+"[issuer.introspection]\nttl = \"1s\"\n[[issuer]]"), "CLAIMGATE_ISSUER_0_AUDIENCES=a,b")
	f.Add([]byte("server = {listen = \":1\"}"), "CLAIMGATE_SERVER_CALLER_TOKENS=,")
	path := filepath.Join(f.TempDir(), "config.toml")
	f.Fuzz(func(t *testing.T, text []byte, variable string) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		c, findings := config.Load(path, []string{variable})
		if (c == nil) != finding.HasErrors(findings) {
			t.Fatalf("config %v with %v", c, findings)
		}
		for _, found := range findings {
			if found.Line < 0 || found.Column > 0 && found.Line < 1 || found.File == "" || found.Fix == "" || found.Message == "" {
				t.Errorf("no place or no fix: %+v", found)
			}
		}
	})
}
