package serve

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/app/demo"
	"github.com/claimgate/claimgate/app/demo/issuer"
	"github.com/claimgate/claimgate/internal/testsupport/program"
	"github.com/claimgate/claimgate/internal/testsupport/wait"
	"github.com/rs/zerolog"
)

var grantsRead = grants("alice", "readonly")

// grants returns a mapping that grants an account a policy.
func grants(account, policy string) string {
	return fmt.Sprintf("version = 1\n[[account]]\nname = %q\npolicies = [%q]\nreason = \"test\"\nowner = \"test\"\n", account, policy)
}

const aliceReads = `{"input":{"account":"alice","groups":null,"action":"s3:GetObject","originalAction":"","bucket":"b","conditions":{},"owner":false,"object":"o","claims":{},"denyOnly":false}}`

// live is a running service, with its files in dir.
type live struct {
	*Service
	t       *testing.T
	dir     string
	iss     *issuer.Server
	program programLog
	stop    context.CancelFunc
	ended   chan error
}

// programLog keeps the program's log.
type programLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *programLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *programLog) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), text)
}

// validEnv returns an environment with which a service starts: files in dir, and a running issuer.
func validEnv(t *testing.T, more ...string) (dir string, iss *issuer.Server, env []string) {
	t.Helper()
	iss, err := issuer.Listen(t.Context(), "127.0.0.1:0", issuer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = iss.Close() })
	dir, env = program.Env(t, iss.URL(), grantsRead, more...)
	return dir, iss, env
}

// start runs a service with the environment variables of validEnv and env.
func start(t *testing.T, env ...string) *live {
	t.Helper()
	l := &live{t: t}
	l.dir, l.iss, env = validEnv(t, env...)
	c, found := config.Load("", env)
	if c == nil {
		t.Fatal(found)
	}
	var err error
	if l.Service, err = New(t.Context(), c, Build{Version: "v1.2.3", Commit: "abc", Go: "go1"}, zerolog.New(&l.program)); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	l.stop, l.ended = stop, make(chan error, 1)
	go func() { l.ended <- l.Run(ctx) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections() // a stop waits for idle connections
		stop()
		if err := <-l.ended; err != nil {
			t.Errorf("the service ended with %v", err)
		}
	})
	if err := l.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *live) path(name string) string { return filepath.Join(l.dir, name) }

func (l *live) write(name, text string) {
	l.t.Helper()
	replace(l.t, l.path(name), text)
}

// replace gives a file another text in one step. If the file were written in place, the service could also see it
// empty, on a busy machine.
func replace(t *testing.T, file, text string) {
	t.Helper()
	next := filepath.Join(t.TempDir(), "next")
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, file); err != nil {
		t.Fatal(err)
	}
}

// lines waits until a file has want lines. The decision log writes the line of an allow later than the answer if the
// machine is busy.
func (l *live) lines(name string, want int) (text string) {
	l.t.Helper()
	wait.Until(l.t, fmt.Sprintf("%s has %d lines", name, want), func() bool {
		read, err := os.ReadFile(l.path(name))
		if err != nil {
			l.t.Fatal(err)
		}
		text = string(read)
		return strings.Count(text, "\n") == want
	})
	return text
}

func (l *live) answers(want bool) func() bool {
	return func() bool {
		got, _, err := demo.Ask(l.t.Context(), l.URL(), []byte(aliceReads))
		if err != nil {
			l.t.Fatal(err)
		}
		return got == want
	}
}

// get sends a GET request to the admin listener.
func (l *live) get(path string) (int, string) {
	l.t.Helper()
	return program.Get(l.t, l.AdminURL()+path)
}

func TestAChangedMappingFlipsTheNextAnswer(t *testing.T) {
	l := start(t)
	if !l.answers(true)() {
		t.Fatal("the first mapping does not grant")
	}
	l.write("mapping.toml", strings.Replace(grantsRead, "readonly", "writeonly", 1))
	wait.Until(t, "the grant that was taken away", l.answers(false))
	l.write("mapping.toml", grantsRead)
	wait.Until(t, "the grant that came back", l.answers(true))
}

func TestABrokenMappingKeepsTheOldOne(t *testing.T) {
	l := start(t)
	_, before := l.get("/metrics")
	for name, text := range map[string]string{
		"no TOML":           "version = ",
		"an unknown policy": strings.Replace(grantsRead, "readonly", "readnothing", 1),
		"an unknown issuer": grantsRead + "[[group]]\nname = \"g\"\npolicies = [\"readonly\"]\nissuer = \"nobody\"\n",
		"nothing":           "",
	} {
		said := l.program.count("the old one stays in force")
		l.write("mapping.toml", text)
		wait.Until(t, name+" is counted as a failed reload", func() bool {
			_, now := l.get("/metrics")
			return metric(now, `claimgate_mapping_reloads_total{outcome="error"}`) > metric(before, `claimgate_mapping_reloads_total{outcome="error"}`)
		})
		wait.Until(t, name+" is said in the log", func() bool { return l.program.count("the old one stays in force") > said })
		if !l.answers(true)() {
			t.Errorf("%s took the old mapping's grant away", name)
		}
		if status, body := l.get("/readyz"); status != 200 {
			t.Errorf("%s: /readyz is %d %s", name, status, body)
		}
		_, before = l.get("/metrics")
	}
}

// metric returns one sample of a Prometheus text, 0 if there is none.
func metric(text, name string) float64 {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			var v float64
			if _, err := fmt.Sscan(rest, &v); err == nil {
				return v
			}
		}
	}
	return 0
}

func TestTheMetricsOfTheContractAreThere(t *testing.T) {
	l := start(t)
	l.answers(true)()
	l.lines("decisions.jsonl", 1)
	_, text := l.get("/metrics")
	for _, name := range []string{
		`claimgate_decisions_total{reason="policy_allow",result="allow"}`, "claimgate_decision_seconds_count",
		`claimgate_jwks_age_seconds{issuer="authentik"}`, `claimgate_jwks_refreshes_total{issuer="authentik",outcome="changed"}`,
		`claimgate_token_cache_total{outcome="hit"}`, `claimgate_decision_cache_total{outcome="miss"}`,
		"claimgate_verifications_in_flight", "claimgate_mapping_info{revision=", `claimgate_shadow_decisions_total{outcome="loses"} 0`, `claimgate_mapping_reloads_total{outcome="ok"}`,
		`claimgate_revocations{kind="sid"}`, `claimgate_audit_lines_total{outcome="written"} 1`, "claimgate_build_info{",
		"go_goroutines", "process_cpu_seconds_total",
	} {
		if !strings.Contains(text, name) {
			t.Errorf("/metrics has no %s", name)
		}
	}
}

func TestReadinessShowsEachIssuersState(t *testing.T) {
	l := start(t)
	status, body := l.get("/readyz")
	var r struct {
		Ready   bool
		Mapping string
		Issuers []struct {
			Issuer string
			Usable bool
			Keys   int
		}
	}
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		t.Fatal(err)
	}
	if status != 200 || !r.Ready || r.Mapping != l.gateway.Mapping().Revision() || len(r.Issuers) != 1 || !r.Issuers[0].Usable || r.Issuers[0].Keys != 1 {
		t.Errorf("/readyz: %d %s", status, body)
	}
	if status, body := l.get("/livez"); status != 200 {
		t.Errorf("/livez: %d %s", status, body)
	}
	if status, body := l.get("/version"); status != 200 || !strings.Contains(body, `"version":"v1.2.3","commit":"abc"`) {
		t.Errorf("/version: %d %s", status, body)
	}
	l.admin.Drain()
	if status, _ := l.get("/readyz"); status != 503 {
		t.Errorf("/readyz of a server that stops: %d", status)
	}
	if status, _ := l.get("/livez"); status != 200 {
		t.Errorf("/livez of a server that stops: %d", status)
	}
}

func TestCallerTokensRotateBySignalAndTLSByFile(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(file("tokens"), []byte("Bearer old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	first := certificate(t, file("tls.crt"), file("tls.key"))
	l := start(t, "CLAIMGATE_SERVER_CALLER_TOKENS_FILE="+file("tokens"), "CLAIMGATE_SERVER_TLS_CERT="+file("tls.crt"), "CLAIMGATE_SERVER_TLS_KEY="+file("tls.key"))
	if !strings.HasPrefix(l.URL(), "https://") {
		t.Fatalf("with a certificate the address is %s", l.URL())
	}
	status := func(pool *x509.CertPool, token string) int {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, l.URL(), strings.NewReader(aliceReads))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", token)
		resp, err := client.Do(req)
		if err != nil {
			return 0
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	if got := status(first, "Bearer old"); got != 200 {
		t.Fatalf("the first token and certificate got %d", got)
	}
	if got := status(first, "Bearer new"); got != 401 {
		t.Fatalf("a token of tomorrow got %d", got)
	}
	second := certificate(t, file("tls.crt"), file("tls.key"))
	if err := os.WriteFile(file("tokens"), []byte("Bearer new\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l.hangup()
	wait.Until(t, "the new certificate and token", func() bool { return status(second, "Bearer new") == 200 })
	if got := status(second, "Bearer old"); got != 401 {
		t.Errorf("the token that was rotated away got %d", got)
	}
	if err := os.WriteFile(file("tokens"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l.hangup()
	if got := status(second, ""); got != 401 {
		t.Errorf("after the token file was emptied a caller without token got %d", got)
	}
	if got := status(second, "Bearer new"); got != 200 {
		t.Errorf("after the token file was emptied the last good token got %d", got)
	}
}

// certificate writes a new self-signed pair and returns the pool that trusts it.
func certificate(t *testing.T, certFile, keyFile string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return pool
}

func TestTheDecisionLogGoesOnInANewFileAfterARotation(t *testing.T) {
	l := start(t)
	l.answers(true)()
	if err := os.Rename(l.path("decisions.jsonl"), l.path("decisions.1")); err != nil {
		t.Fatal(err)
	}
	l.answers(true)() // into the old file
	l.lines("decisions.1", 2)
	l.hangup()
	l.answers(true)()
	l.lines("decisions.jsonl", 1)
	l.lines("decisions.1", 2)
}

func TestALogoutEndsASessionAtOnce(t *testing.T) {
	l := start(t)
	l.write("mapping.toml", "version = 1\n[[group]]\nname = \"MinIO users\"\npolicies = [\"readwrite\"]\nreason = \"t\"\nowner = \"t\"\n")
	alice, _ := l.iss.User("alice")
	claims := l.iss.IDClaims(alice)
	claims["accessKey"] = "S1"
	token := l.iss.EvidenceToken(alice)
	body, err := json.Marshal(map[string]any{"input": map[string]any{
		"account": "S1", "action": "s3:GetObject", "bucket": "b", "object": "o", "claims": claims,
		"conditions": map[string]any{"authentik_token": []string{token}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	ask := func() string {
		_, reason, err := demo.Ask(t.Context(), l.URL(), body)
		if err != nil {
			t.Fatal(err)
		}
		return string(reason)
	}
	wait.Until(t, "the new mapping", func() bool { return ask() == "policy_allow" })
	logout := l.iss.Token(map[string]any{
		"iss": l.iss.URL(), "sub": alice.Subject, "sid": claims["sid"], "aud": "minio", "jti": "one", "iat": time.Now().Unix(),
		"exp": time.Now().Add(time.Minute).Unix(), "events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}, issuer.WithHeader("typ", "logout+jwt"))
	post := func(token string) int {
		form := strings.NewReader(url.Values{"logout_token": {token}}.Encode())
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, strings.TrimSuffix(l.URL(), "/authz")+"/backchannel-logout", form)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	if got := post(token); got != 400 {
		t.Errorf("a token that is no logout token got %d", got)
	}
	if got := ask(); got != "policy_allow" {
		t.Errorf("a refused logout ended the session: %s", got)
	}
	if got := post(logout); got != 200 {
		t.Fatalf("the logout token got %d", got)
	}
	if got := ask(); got != "token_revoked" {
		t.Errorf("after the logout: %s", got)
	}
	if got := post(logout); got != 400 {
		t.Errorf("the same logout token again got %d", got)
	}
}
