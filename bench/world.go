package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/claimgate/claimgate/app/demo/issuer"
)

// world is every process that takes part.
type world struct {
	bare, quiet, audited string // addresses
	body                 []byte
	issuer               *issuer.Server
	processes            []*exec.Cmd
}

func newWorld(ctx context.Context, project, dir string) (_ *world, err error) {
	w := new(world)
	defer func() {
		if err != nil {
			w.stop()
		}
	}()
	if w.issuer, err = issuer.Listen(ctx, "127.0.0.1:0", issuer.Options{KeyBits: 4096, Lifetime: 8 * time.Hour}); err != nil {
		return nil, err
	}
	if w.body, err = question(w.issuer); err != nil {
		return nil, err
	}
	binary := filepath.Join(dir, "claimgate")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "./app")
	build.Dir = project
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, out)
	}
	mapping := filepath.Join(dir, "mapping.toml")
	if err := os.WriteFile(mapping, []byte("version = 1\n[[group]]\nname = \"MinIO users\"\npolicies = [\"readwrite\"]\n"), 0o600); err != nil {
		return nil, err
	}
	if w.bare, err = w.startBare(ctx); err != nil {
		return nil, err
	}
	if w.quiet, err = w.startClaimgate(ctx, binary, mapping, "off"); err != nil {
		return nil, err
	}
	w.audited, err = w.startClaimgate(ctx, binary, mapping, filepath.Join(dir, "decisions.jsonl"))
	return w, err
}

// question is what MinIO asks about a GET in a session whose claims carry the
// token, padded to the usual size by a session token of MinIO's own.
func question(iss *issuer.Server) ([]byte, error) {
	user, _ := iss.User("alice")
	claims := iss.IDClaims(user)
	claims["accessKey"] = "BENCH7SESSION7ACCESS"
	conditions := map[string][]string{
		"CurrentTime": {time.Now().UTC().Format(time.RFC3339)}, "EpochTime": {"1795290525"}, "Referer": {""}, "SecureTransport": {"false"},
		"SourceIp": {"127.0.0.1"}, "UserAgent": {"MinIO (linux; amd64) minio-go/v7.0.88 mc/bench"}, "authType": {"REST-HEADER"},
		"principaltype": {"AssumedRole"}, "signatureversion": {"AWS4-HMAC-SHA256"}, "versionid": {""}, "Accept-Encoding": {"zstd,gzip"},
	}
	for name, v := range claims {
		if s, ok := v.(string); ok {
			conditions[name] = []string{s}
		}
	}
	return json.Marshal(map[string]any{"input": map[string]any{
		"account": "BENCH7SESSION7ACCESS", "groups": nil, "action": "s3:GetObject", "originalAction": "", "bucket": "reports",
		"conditions": conditions, "owner": false, "object": "2026/q3.csv", "claims": claims, "denyOnly": false,
	}})
}

func (w *world) startBare(ctx context.Context) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	listen, err := freeAddress(ctx)
	if err != nil {
		return "", err
	}
	return w.start(ctx, exec.CommandContext(ctx, self, "bare", listen), listen)
}

func (w *world) startClaimgate(ctx context.Context, binary, mapping, audit string) (string, error) {
	listen, err1 := freeAddress(ctx)
	admin, err2 := freeAddress(ctx)
	if err := errors.Join(err1, err2); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, binary, "serve")
	cmd.Env = append(os.Environ(),
		"CLAIMGATE_SERVER_LISTEN="+listen, "CLAIMGATE_ADMIN_LISTEN="+admin, "CLAIMGATE_MAPPING_FILE="+mapping,
		"CLAIMGATE_ISSUER_0_URL="+w.issuer.URL(), "CLAIMGATE_ISSUER_0_AUDIENCES=minio", "CLAIMGATE_AUDIT_OUTPUT="+audit,
		"CLAIMGATE_LOG_LEVEL=error",
	)
	return w.start(ctx, cmd, listen)
}

// start runs a server and waits until it allows the question.
func (w *world) start(ctx context.Context, cmd *exec.Cmd, listen string) (string, error) {
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return "", err
	}
	w.processes = append(w.processes, cmd)
	url := "http://" + listen + "/authz"
	var last error
	for range 200 {
		answer, err := ask(ctx, url, w.body)
		if err == nil && answer == `{"result":true}` {
			return url, nil
		}
		last = fmt.Errorf("answers %q, %w", answer, err)
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return "", fmt.Errorf("%s: %w", cmd.Path, last)
}

func ask(ctx context.Context, url string, body []byte) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return string(answer), err
}

func freeAddress(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func (w *world) stop() {
	for _, p := range w.processes {
		_ = p.Process.Kill()
		_ = p.Wait()
	}
	if w.issuer != nil {
		_ = w.issuer.Close()
	}
}
