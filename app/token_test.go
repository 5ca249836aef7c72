package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/demo/issuer"
)

// household is a configuration in files, with an issuer that answers.
func household(t *testing.T) (config string, iss *issuer.Server) {
	t.Helper()
	iss, err := issuer.Listen(t.Context(), "127.0.0.1:0", issuer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = iss.Close() })
	dir := t.TempDir()
	config = filepath.Join(dir, "config.toml")
	text := fmt.Sprintf("[server]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[[issuer]]\nname = \"authentik\"\nurl = %q\naudiences = [\"minio\"]\n", iss.URL())
	for file, text := range map[string]string{config: text, filepath.Join(dir, "mapping.toml"): grantsRead} {
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

func TestTokenInspectTellsEachCheck(t *testing.T) {
	config, iss := household(t)
	alice, _ := iss.User("alice")
	good := iss.IDToken(alice)
	expired := iss.IDClaims(alice)
	expired["iat"], expired["exp"] = time.Now().Add(-3*time.Hour).Unix(), time.Now().Add(-2*time.Hour).Unix()
	for _, tc := range []struct {
		name, token string
		code        int
		says        []string
	}{
		{"a good token", good, 0, []string{`"preferred_username": "alice"`, `"alg": "RS256"`, "pass", "signature"}},
		{"an expired token", iss.Token(expired), 1, []string{"fail", "token_expired", "pass  signature"}},
		{"HS256", iss.Token(iss.IDClaims(alice), issuer.WithSecret([]byte("s"))), 1, []string{"token_algorithm", "Signing Key", "not reached  signature"}},
		{"five parts", "a.b.c.d.e", 1, []string{"token_encrypted", "Encryption Key"}},
		{"an opaque token", "opaque", 1, []string{"token_malformed", `"not readable"`}},
	} {
		file := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(file, []byte(tc.token+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, stderr := command(t, "token", "inspect", "--config", config, file)
		if code != tc.code {
			t.Errorf("%s: exit %d, want %d: %s", tc.name, code, tc.code, stderr)
		}
		for _, want := range tc.says {
			if !strings.Contains(out, want) {
				t.Errorf("%s: the output has no %q:\n%s", tc.name, want, out)
			}
		}
		if parts := strings.Split(tc.token, "."); len(parts) == 3 && strings.Contains(out, parts[2]) {
			t.Errorf("%s: the output shows the signature", tc.name)
		}
		if strings.Contains(out, "eyJ") {
			t.Errorf("%s: the output shows a token inside the claims", tc.name)
		}
	}
}

func TestTokenInspectWithoutAConfigurationJudgesNoIssuer(t *testing.T) {
	_, iss := household(t)
	alice, _ := iss.User("alice")
	code, out, _ := command(t, "token", "inspect", "--token", iss.IDToken(alice), "--format", "json")
	var got struct {
		Good   bool
		Claims map[string]any
		Checks []struct{ Check, Outcome, Fix string }
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if code != 0 || got.Good || got.Claims["preferred_username"] != "alice" {
		t.Errorf("exit %d, %s", code, out)
	}
	for _, c := range got.Checks {
		if c.Outcome == "fail" {
			t.Errorf("%s failed without a configuration", c.Check)
		}
	}
	for _, args := range [][]string{
		{"--token", "x", "file"},
		{filepath.Join(t.TempDir(), "none")},
		{"--token", " "},
		{"--token", "x", "--format", "yaml"},
		{"--token", "x", "--config", filepath.Join(t.TempDir(), "none.toml")},
	} {
		if code, out, _ := command(t, append([]string{"token", "inspect"}, args...)...); code != 2 || out != "" {
			t.Errorf("token inspect %v: exit %d, %q", args, code, out)
		}
	}
}

func TestDoctorFindsWhatIsWrong(t *testing.T) {
	config, iss := household(t)
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
	for _, want := range []string{"fail  mapping", "mapping.toml:1:", "fail  issuer authentik", "connection refused", "fail  server.listen", "fail  decision log", "ok    admin.listen"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output has no %q:\n%s", want, out)
		}
	}
	if code, _, _ := command(t, "doctor", "--config", "none.toml"); code != 2 {
		t.Errorf("without a configuration: exit %d, want 2", code)
	}
}
