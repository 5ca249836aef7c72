package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDoctorFindsWhatIsWrong(t *testing.T) {
	config, iss := soundConfig(t)
	code, out, stderr := command(t, "doctor", "--config", config)
	if code != 0 || strings.Contains(out, "fail") {
		t.Fatalf("a healthy configuration: exit %d\n%s%s", code, out, stderr)
	}
	for _, want := range []string{"ok    configuration", "ok    mapping", "ok    issuer authentik", "1 signing keys", "ok    server.listen", "ok    decision log"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output has no %q:\n%s", want, out)
		}
	}

	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if err := iss.Close(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CLAIMGATE_SERVER_LISTEN", taken.Addr().String())
	t.Setenv("CLAIMGATE_AUDIT_OUTPUT", filepath.Join(t.TempDir(), "no", "directory", "log"))
	if err := os.WriteFile(filepath.Join(filepath.Dir(config), "mapping.toml"), []byte("version = 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, _ = command(t, "doctor", "--config", config)
	if code != 1 {
		t.Errorf("exit %d, want 1", code)
	}
	for _, want := range []string{"fail  mapping", "mapping.toml: error M006", "fail  issuer authentik", "connection refused", "fail  server.listen", "fail  decision log", "ok    admin.listen"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output has no %q:\n%s", want, out)
		}
	}
	if code, _, _ := command(t, "doctor", "--config", "none.toml"); code != 2 {
		t.Errorf("without a configuration: exit %d, want 2", code)
	}
}
