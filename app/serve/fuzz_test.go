package serve

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/mapping"
	"github.com/rs/zerolog"
)

// For any content of the files, a service starts with all files in effect, or it does not start.
func FuzzStart(f *testing.F) {
	f.Add([]byte(grantsRead), []byte("[server]\nlisten = \"127.0.0.1:0\"\n"))
	f.Add([]byte(grantsRead[:40]), []byte("[server"))
	f.Add([]byte("\ufeff"+grantsRead), []byte("\xff\xfe[\x00"))
	f.Fuzz(func(t *testing.T, text, more []byte) {
		dir := t.TempDir()
		file, configFile := filepath.Join(dir, "mapping.toml"), filepath.Join(dir, "config.toml")
		for path, content := range map[string][]byte{file: text, configFile: more} {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		// The environment overrides the files, so that no generated file opens another port or file.
		c, found := config.Load(configFile, []string{
			"CLAIMGATE_SERVER_LISTEN=127.0.0.1:0", "CLAIMGATE_ADMIN_LISTEN=127.0.0.1:0", "CLAIMGATE_AUDIT_OUTPUT=off", "CLAIMGATE_AUDIT_CHAIN=false",
			"CLAIMGATE_ISSUER_0_URL=http://127.0.0.1:1/", "CLAIMGATE_ISSUER_0_AUDIENCES=minio", "CLAIMGATE_MAPPING_FILE=" + file, "CLAIMGATE_REVOCATION_STORE=memory",
		})
		if c == nil {
			if len(found) == 0 {
				t.Error("the configuration is refused without a finding")
			}
			return
		}
		s, err := New(t.Context(), c, Build{}, zerolog.Nop())
		m, _ := mapping.Load(file)
		switch {
		case err == nil && m == nil:
			t.Error("a service starts with a mapping that does not load")
		case err != nil && err.Error() == "":
			t.Error("the start is refused without a word")
		}
		if s != nil {
			if err := s.close(); err != nil {
				t.Error(err)
			}
		}
	})
}
