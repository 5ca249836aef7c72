package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/claimgate/claimgate/app/demo/issuer"
)

// world holds what every part needs: the settings, claimgate's binary and a
// directory for files.
type world struct {
	*settings
	dir       string
	claimgate string
	bare      string   // the program of the bare Fiber; this program if empty
	wrap      []string // a command before each server, such as valgrind
	mapping   string   // the file of smallMapping
}

const smallMapping = "version = 1\n[[group]]\nname = \"MinIO users\"\npolicies = [\"readwrite\"]\n"

func newWorld(ctx context.Context, s *settings, dir string) (*world, error) {
	if _, err := exec.LookPath("wrk"); err != nil {
		return nil, fmt.Errorf("%w: install Debian's package wrk", err)
	}
	w := &world{settings: s, dir: dir, claimgate: filepath.Join(dir, "claimgate"), mapping: filepath.Join(dir, "mapping.toml")}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", w.claimgate, "./app")
	build.Dir, build.Env = s.project, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return w, os.WriteFile(w.mapping, []byte(smallMapping), 0o600)
}

// startIssuer starts an issuer with RSA keys of the given size.
func startIssuer(ctx context.Context, bits int) (*issuer.Server, error) {
	return issuer.Listen(ctx, "127.0.0.1:0", issuer.Options{KeyBits: bits, Lifetime: 8 * time.Hour})
}

// input is the body of MinIO's question, with members in MinIO's order.
type input struct {
	Account        string              `json:"account"`
	Groups         []string            `json:"groups"`
	Action         string              `json:"action"`
	OriginalAction string              `json:"originalAction"`
	Bucket         string              `json:"bucket"`
	Conditions     map[string][]string `json:"conditions"`
	Owner          bool                `json:"owner"`
	Object         string              `json:"object"`
	Claims         map[string]any      `json:"claims"`
	DenyOnly       bool                `json:"denyOnly"`
}

// question returns the body of MinIO's question about the nth GET of a session whose
// claims carry the token. As in MinIO, claims are those of the id_token, and conditions
// repeat the claims that are strings. Each n has another object and another second.
func question(claims map[string]any, n int) ([]byte, error) {
	const account = "BENCH7SESSION7ACCESS"
	claims["accessKey"] = account
	at := time.Unix(1795290525+int64(n), 0).UTC()
	conditions := map[string][]string{
		"CurrentTime": {at.Format(time.RFC3339)}, "EpochTime": {fmt.Sprint(at.Unix())}, "Referer": {""}, "SecureTransport": {"false"},
		"SourceIp": {"127.0.0.1"}, "UserAgent": {"MinIO (linux; amd64) minio-go/v7.0.88 mc/bench"}, "authType": {"REST-HEADER"},
		"principaltype": {"AssumedRole"}, "signatureversion": {"AWS4-HMAC-SHA256"}, "versionid": {""}, "Accept-Encoding": {"zstd,gzip"},
	}
	for name, v := range claims {
		if s, ok := v.(string); ok {
			conditions[name] = []string{s}
		}
	}
	return json.Marshal(map[string]any{"input": input{
		Account: account, Action: "s3:GetObject", Bucket: "reports", Object: fmt.Sprintf("2026/q%d/%d.csv", n%4+1, n), Conditions: conditions, Claims: claims,
	}})
}

// questionOf returns a question of alice's session.
func questionOf(iss *issuer.Server) ([]byte, error) {
	user, _ := iss.User("alice")
	return question(iss.IDClaims(user), 0)
}

// questionsOf returns 64 questions of one session of alice's.
func questionsOf(iss *issuer.Server) (all [][]byte, err error) {
	user, _ := iss.User("alice")
	claims := iss.IDClaims(user)
	for n := range 64 {
		body, err := question(claims, n)
		if err != nil {
			return nil, err
		}
		all = append(all, body)
	}
	return all, nil
}

// privateKey returns the key that signs the issuer's tokens.
func privateKey(iss *issuer.Server) (*rsa.PrivateKey, error) {
	text, err := iss.EncodeKey()
	if err != nil {
		return nil, err
	}
	return issuer.ParseKey(text)
}

// startIssuerWith starts an issuer and returns what of returns for the issuer: questionOf, questionsOf or privateKey.
func startIssuerWith[T any](ctx context.Context, bits int, of func(*issuer.Server) (T, error)) (iss *issuer.Server, made T, err error) {
	if iss, err = startIssuer(ctx, bits); err != nil {
		return nil, made, err
	}
	if made, err = of(iss); err != nil {
		return nil, made, errors.Join(err, iss.Close())
	}
	return iss, made, nil
}

// process is a running server.
type process struct {
	name  string
	url   string // of the endpoint that answers questions
	admin string // of the admin listener, of claimgate only
	cmd   *exec.Cmd
}

// stop kills the processes and waits for their end. It skips nil ones.
func stop(all ...*process) {
	for _, p := range all {
		if p != nil && p.cmd != nil {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		}
	}
}

// start starts a server, which runs until stop.
func start(name, url string, cmd *exec.Cmd) (*process, error) {
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &process{name: name, url: url, cmd: cmd}, nil
}

// waitUntilAllows waits until the server allows the question, for some ten seconds.
func (p *process) waitUntilAllows(ctx context.Context, body []byte) error {
	var last error
	for range 400 {
		answer, err := ask(ctx, p.url, body)
		if err == nil && answer == `{"result":true}` {
			return nil
		}
		last = fmt.Errorf("answers %q, %w", answer, err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(25 * time.Millisecond):
		}
	}
	return fmt.Errorf("%s: %w", p.name, last)
}

func (w *world) startBare(ctx context.Context) (*process, error) {
	self, err1 := os.Executable()
	listen, err2 := freeAddress(ctx)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	return start("bare Fiber", "http://"+listen+"/authz", w.command(ctx, cmp.Or(w.bare, self), "bare", listen))
}

// command returns the command of a server, behind w.wrap.
func (w *world) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	all := slices.Concat(w.wrap, []string{name}, args)
	return exec.CommandContext(ctx, all[0], all[1:]...)
}

// startClaimgate starts claimgate, with the environment variables set as further
// settings.
func (w *world) startClaimgate(ctx context.Context, name, issuerURL string, set ...string) (*process, error) {
	listen, admin, err := twoFreeAddresses(ctx)
	if err != nil {
		return nil, err
	}
	cmd := w.command(ctx, w.claimgate, "serve")
	cmd.Env = append(os.Environ(),
		"CLAIMGATE_SERVER_LISTEN="+listen, "CLAIMGATE_ADMIN_LISTEN="+admin, "CLAIMGATE_MAPPING_FILE="+w.mapping,
		"CLAIMGATE_ISSUER_0_URL="+issuerURL, "CLAIMGATE_ISSUER_0_AUDIENCES=minio", "CLAIMGATE_AUDIT_OUTPUT=off", "CLAIMGATE_LOG_LEVEL=error",
	)
	cmd.Env = append(cmd.Env, set...)
	p, err := start(name, "http://"+listen+"/authz", cmd)
	if err != nil {
		return nil, err
	}
	p.admin = "http://" + admin
	return p, nil
}

func ask(ctx context.Context, url string, body []byte) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return string(bytes.TrimSpace(answer)), err
}

func freeAddress(ctx context.Context) (string, error) {
	address, _, err := twoFreeAddresses(ctx)
	return address, err
}

// twoFreeAddresses returns two different addresses on the loopback interface.
func twoFreeAddresses(ctx context.Context) (one, other string, err error) {
	var lc net.ListenConfig
	l1, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	l2, err := lc.Listen(ctx, "tcp", "127.0.0.1:0") // while l1 is open, so that the kernel gives another port
	if err != nil {
		return "", "", errors.Join(err, l1.Close())
	}
	return l1.Addr().String(), l2.Addr().String(), errors.Join(l1.Close(), l2.Close())
}
