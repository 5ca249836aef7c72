// Package program helps tests that run a whole claimgate, in their own process or in another one.
package program

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Env writes the text mapping to mapping.toml in a new directory dir. It returns the environment
// variables with which claimgate serves that mapping on free ports for the issuer, and writes its decision
// log to decisions.jsonl in dir. More variables follow these, so that they override them.
func Env(t testing.TB, issuerURL, mapping string, more ...string) (dir string, env []string) {
	t.Helper()
	dir = t.TempDir()
	file := filepath.Join(dir, "mapping.toml")
	if err := os.WriteFile(file, []byte(mapping), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, append([]string{
		"CLAIMGATE_SERVER_LISTEN=127.0.0.1:0", "CLAIMGATE_ADMIN_LISTEN=127.0.0.1:0", "CLAIMGATE_SERVER_DRAIN_DELAY=0s",
		"CLAIMGATE_ISSUER_0_URL=" + issuerURL, "CLAIMGATE_ISSUER_0_AUDIENCES=minio",
		"CLAIMGATE_MAPPING_FILE=" + file, "CLAIMGATE_AUDIT_OUTPUT=" + filepath.Join(dir, "decisions.jsonl"),
	}, more...)
}

// Serving returns the URLs of the public and the admin listener from the program's log. ok is false
// while the program does not serve yet.
func Serving(log string) (public, admin string, ok bool) {
	for line := range strings.Lines(log) {
		var entry struct{ Message, URL, Admin string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Message == "serving" {
			return entry.URL, "http://" + entry.Admin, true
		}
	}
	return "", "", false
}

// Get returns the status and the body of a GET request.
func Get(t testing.TB, url string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}
