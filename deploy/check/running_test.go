package check

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/internal/testsupport/wait"
)

// serve starts claimgate with every feature that has its own metrics, and returns the
// URLs of its listeners. Nothing listens at the address of the revocation store.
func serve(t *testing.T) (public, admin string) {
	t.Helper()
	dir := t.TempDir()
	// A free port could be taken before the issuer listens, so the issuer chooses its port.
	said := start(t, "demo issuer", "demo", "issuer", "--listen", "127.0.0.1:0")
	_, issuer, _ := strings.Cut(said, "demo issuer ")
	issuer, _, found := strings.Cut(issuer, " listens on ")
	if !found {
		t.Fatalf("the demo issuer says %q", said)
	}
	write(t, filepath.Join(dir, "mapping.toml"), `version = 1

[[group]]
name     = "MinIO users"
policies = ["readonly"]
expires  = 2099-01-01
`)
	write(t, filepath.Join(dir, "config.toml"), fmt.Sprintf(`[server]
listen = "127.0.0.1:0"
[admin]
listen = "127.0.0.1:0"
[[issuer]]
url       = "%s"
audiences = ["minio"]
refresh   = "1s"
[issuer.introspection]
client_id = "minio"
client_secret_file = "client-secret"
[mapping]
file = "mapping.toml"
[audit]
output = "%s"
[revocation]
store = "redis://127.0.0.1:1/0"
`, issuer, filepath.Join(dir, "decisions.jsonl")))
	write(t, filepath.Join(dir, "client-secret"), "client-secret")
	line := start(t, `"serving"`, "serve", "--config", filepath.Join(dir, "config.toml"))
	var serving struct{ URL, Admin string }
	if err := json.Unmarshal([]byte(line), &serving); err != nil {
		t.Fatal(err)
	}
	admin = "http://" + serving.Admin
	// claimgate is ready when it has the keys.
	wait.Until(t, "claimgate becomes ready", func() bool { return get(t, admin+"/readyz") == http.StatusOK })
	return serving.URL, admin
}

// start runs claimgate until the test ends. It returns the first line of the output that
// contains the text.
func start(t *testing.T, text string, args ...string) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, claimgate, args...)
	read, write := io.Pipe()
	cmd.Stdout, cmd.Stderr = write, write
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // killed
		_ = write.Close()
	})
	lines := bufio.NewScanner(read)
	var seen []string
	for lines.Scan() {
		seen = append(seen, lines.Text())
		if strings.Contains(lines.Text(), text) {
			go func() { _, _ = io.Copy(io.Discard, read) }()
			return lines.Text()
		}
	}
	t.Fatalf("claimgate %s printed no %s:\n%s", strings.Join(args, " "), text, strings.Join(seen, "\n"))
	return ""
}

func get(t *testing.T, url string) int {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}
