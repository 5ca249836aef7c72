package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/demo/issuer"
)

func TestTokenInspectTellsEachCheck(t *testing.T) {
	config, iss := soundConfig(t)
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
	_, iss := soundConfig(t)
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
