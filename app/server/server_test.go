package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/dialect"
	"github.com/claimgate/claimgate/app/dialect/minio"

	"github.com/claimgate/claimgate/app/audit"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/app/server"
	"github.com/claimgate/claimgate/internal/fixtures"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/revocation"
	"github.com/rs/zerolog"
)

const (
	maxBody        = 4 << 20
	maxConnections = 20
)

// running is a server on the loopback interface, with its decision log and its program log.
type running struct {
	t       *testing.T
	url     string
	address string
	log     string
	gateway *gateway.Gateway
	server  *server.Server
	callers *server.Callers
	program *bytes.Buffer
	admin   server.Admin
	closed  <-chan struct{} // closed when the server no longer listens
}

// noted is a listener that notes its end.
type noted struct {
	net.Listener
	ended func()
}

func (l noted) Close() error {
	defer l.ended()
	return l.Listener.Close()
}

// metrics returns the text of /metrics.
func (r *running) metrics() string {
	w := httptest.NewRecorder()
	r.admin.Server().Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

func start(t *testing.T, tokens ...string) *running {
	t.Helper()
	return startWith(t, time.Now, tokens...)
}

func startWith(t *testing.T, now func() time.Time, tokens ...string) *running {
	t.Helper()
	return startOn(t, func(l net.Listener) net.Listener { return l }, now, tokens...)
}

func startOn(t *testing.T, seen func(net.Listener) net.Listener, now func() time.Time, tokens ...string) *running {
	t.Helper()
	dir := t.TempDir()
	v, err := verifier.New(verifier.Options{Issuers: []verifier.Issuer{{
		Name: "authentik", URL: "http://127.0.0.1:1/application/o/minio/", Audiences: []string{"minio"},
		Algorithms: []string{"RS256"}, MaxLifetime: time.Hour, Refresh: time.Hour, RefetchCooldown: time.Second, MaxStale: time.Hour,
	}}})
	if err != nil {
		t.Fatal(err)
	}
	revocations := revocation.NewList(time.Now, time.Hour)
	g, err := gateway.New(gateway.Options{
		Verifier: v, Revocations: revocations, Evidence: gateway.Evidence{Keys: []string{"authentik_token"}}, DecisionEntries: 100, Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "mapping.toml")
	text := "version = 1\n[[account]]\nname = \"alice\"\npolicies = [\"readonly\"]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m, found := mapping.Load(file)
	if m == nil {
		t.Fatal(found)
	}
	g.Use(m)
	r := &running{
		t: t, log: filepath.Join(dir, "decisions.jsonl"), gateway: g, callers: new(server.Callers), program: new(bytes.Buffer),
	}
	log, err := audit.Open(r.log, "all", audit.Timeouts(2*time.Minute, 2*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	r.callers.Set(tokens)
	metrics := server.NewMetrics("test", "test")
	r.admin = server.Admin{Gateway: g, Verifier: v, Metrics: metrics}
	r.server = server.New(server.Options{
		Gateway: g, Callers: r.callers, Audit: log, Metrics: metrics, Log: zerolog.New(r.program), Endpoints: map[string]*dialect.Dialect{"/authz": minio.Dialect}, MaxBody: maxBody, MaxConnections: maxConnections,
		Logout: func(context.Context, string) error { return fmt.Errorf("refused") },
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.address = ln.Addr().String()
	r.url = "http://" + r.address + "/authz"
	ended, closed := make(chan error, 1), make(chan struct{})
	r.closed = closed
	ln = noted{ln, sync.OnceFunc(func() { close(closed) })}
	go func() { ended <- r.server.Serve(seen(ln), nil) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute) // ends a test that hangs
		defer cancel()
		if err := r.server.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
		g.Close()
		v.Close()
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

type reply struct {
	status   int
	body     string
	reason   string
	decision string
	header   http.Header
}

func (r *running) send(method, url, authorization string, body []byte) reply {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return reply{resp.StatusCode, string(text), resp.Header.Get("X-Claimgate-Reason"), resp.Header.Get("X-Claimgate-Decision"), resp.Header}
}

func (r *running) post(body string) reply { return r.send("POST", r.url, "", []byte(body)) }

// lines returns the lines of the decision log so far.
func (r *running) lines() []map[string]any {
	r.t.Helper()
	f, err := os.Open(r.log)
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	var lines []map[string]any
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var line map[string]any
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			r.t.Fatalf("a line of the decision log is no JSON: %v", err)
		}
		lines = append(lines, line)
	}
	return lines
}

const aliceReads = `{"input":{"account":"alice","groups":null,"action":"s3:GetObject","originalAction":"","bucket":"b","conditions":{},"owner":false,"object":"o","claims":{},"denyOnly":false}}`

func TestAnswersAreExactAndHaveTheirLine(t *testing.T) {
	r := start(t)
	for _, tc := range []struct {
		body, want, reason string
	}{
		{aliceReads, `{"result":true}`, "policy_allow"},
		{strings.Replace(aliceReads, "s3:GetObject", "s3:PutObject", 1), `{"result":false}`, "policy_implicit_deny"},
		{strings.Replace(aliceReads, `"owner":false`, `"owner":true`, 1), `{"result":true}`, "owner"},
		{strings.Replace(aliceReads, `"alice"`, `"bob"`, 1), `{"result":false}`, "no_token"},
	} {
		got := r.post(tc.body)
		if got.status != 200 || got.body != tc.want || got.reason != tc.reason {
			t.Errorf("got %d %s %s, want 200 %s %s", got.status, got.body, got.reason, tc.want, tc.reason)
		}
		if got.header.Get("Content-Encoding") != "" || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("the answer's headers are %v", got.header)
		}
		lines := r.lines()
		last := lines[len(lines)-1]
		if last["id"] != got.decision || last["reason"] != tc.reason || last["allow"] != strings.Contains(tc.want, "true") {
			t.Errorf("the decision %s has the line %v", got.decision, last)
		}
	}
}

func TestTheStartUpProbeIsAnsweredAndNoDecision(t *testing.T) {
	r := start(t)
	got := r.post("")
	if got.status != 200 || got.body != `{"result":false}` || got.reason != "" || got.decision != "" {
		t.Errorf("the probe got %+v", got)
	}
	if n := len(r.lines()); n != 0 {
		t.Errorf("the probe has %d lines in the decision log", n)
	}
}

func TestBadInputIsRefusedWithALineAndTheServerGoesOn(t *testing.T) {
	r := start(t)
	body := string(fixtures.Calls(t)[401].Body)
	for _, tc := range []struct {
		name, body, reason string
		status             int
	}{
		{"an empty object", `{}`, "request_malformed", 400},
		{"a null input", `{"input":null}`, "request_malformed", 400},
		{"no JSON", `<html>`, "request_malformed", 400},
		{"white space", ` `, "request_malformed", 400},
		{"a truncated body", body[:len(body)/2], "request_malformed", 400},
		{"duplicate names", strings.Replace(aliceReads, `"owner":false`, `"owner":false,"owner":true`, 1), "request_malformed", 400},
		{"a wrong type", strings.Replace(aliceReads, `"owner":false`, `"owner":"true"`, 1), "request_malformed", 400},
		{"5 MiB", strings.Replace(aliceReads, `"o"`, `"`+strings.Repeat("o", 5<<20)+`"`, 1), "request_malformed", 413},
		{"claims null", strings.Replace(aliceReads, `"claims":{}`, `"claims":null`, 1), "no_token", 200},
	} {
		before := len(r.lines())
		got := r.post(tc.body)
		if got.status != tc.status || got.reason != tc.reason {
			t.Errorf("%s: got %d %s, want %d %s", tc.name, got.status, got.reason, tc.status, tc.reason)
		}
		var answer struct{ Result *bool }
		if err := json.Unmarshal([]byte(got.body), &answer); err != nil || answer.Result == nil || *answer.Result {
			t.Errorf("%s: the body %s does not say false", tc.name, got.body)
		}
		if strings.Contains(got.body, "true") {
			t.Errorf("%s: the body %s says true somewhere", tc.name, got.body)
		}
		if n := len(r.lines()) - before; n != 1 {
			t.Errorf("%s: %d lines in the decision log, want 1", tc.name, n)
		}
	}
	if got := r.post(aliceReads); got.body != `{"result":true}` {
		t.Errorf("after bad input a good question got %+v", got)
	}
}

func TestOtherPathsAndMethodsNeverAllow(t *testing.T) {
	r := start(t)
	base := "http://" + r.address
	for _, tc := range []struct {
		method, url string
		status      int
	}{
		{"GET", r.url, 405},
		{"PUT", r.url, 405},
		{"DELETE", r.url, 405},
		{"POST", base + "/", 404},
		{"POST", base + "/authz/", 404},
		{"POST", base + "/AUTHZ", 404},
		{"POST", base + "//authz", 404},
		{"POST", base + "/metrics", 404},
		{"GET", base + "/readyz", 404},
		{"GET", base + "/livez", 404},
	} {
		got := r.send(tc.method, tc.url, "", []byte(aliceReads))
		if got.status != tc.status || !strings.Contains(got.body, `"result":false`) || got.reason != "request_malformed" {
			t.Errorf("%s %s: got %d %s %s", tc.method, tc.url, got.status, got.body, got.reason)
		}
	}
	if got := r.send("POST", r.url+"?a=b", "", []byte(aliceReads)); got.body != `{"result":true}` {
		t.Errorf("a query string in MINIO_POLICY_PLUGIN_URL is no other path, got %+v", got)
	}
}

func TestCallersAreKnownByTheirWholeAuthorization(t *testing.T) {
	r := start(t, "Bearer  two spaces", "the next one")
	for authorization, known := range map[string]bool{
		"Bearer  two spaces": true, "the next one": true,
		"": false, "Bearer two spaces": false, "bearer  two spaces": false, "Bearer  two": false, "Bearer  two spacesx": false,
	} {
		got := r.send("POST", r.url, authorization, []byte(aliceReads))
		if known && got.body != `{"result":true}` {
			t.Errorf("%q: got %+v", authorization, got)
		}
		if !known && (got.status != 401 || got.reason != "caller_unauthenticated" || !strings.Contains(got.body, `"result":false`)) {
			t.Errorf("%q: got %+v", authorization, got)
		}
	}
	if got := r.send("POST", r.url, "", nil); got.status != 401 {
		t.Errorf("a probe without a token got %+v", got)
	}
	// A rotation ends the old token.
	r.callers.Set([]string{"the next one"})
	if got := r.send("POST", r.url, "Bearer  two spaces", []byte(aliceReads)); got.status != 401 {
		t.Errorf("a token that was rotated away got %+v", got)
	}
}

func TestTwoAuthorizationHeadersAreRefused(t *testing.T) {
	r := start(t, "good")
	conn, err := net.Dial("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /authz HTTP/1.1\r\nHost: x\r\nAuthorization: good\r\nAuthorization: bad\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(aliceReads), aliceReads)
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 401") {
		t.Errorf("got %q, %v", answer, err)
	}
}

func TestWithoutTokensOnlyTheLoopbackInterfaceAsks(t *testing.T) {
	var c server.Callers
	if c.Know(nil, net.IPv4(127, 0, 0, 1)) {
		t.Error("before tokens are set nobody is known")
	}
	c.Set(nil)
	for ip, known := range map[string]bool{"127.0.0.1": true, "127.8.8.8": true, "::1": true, "10.0.0.1": false, "192.0.2.1": false, "fe80::1": false} {
		if c.Know([]byte("anything"), net.ParseIP(ip)) != known {
			t.Errorf("%s: known is not %v", ip, known)
		}
	}
	c.Set([]string{"token"})
	if c.Know(nil, net.IPv4(127, 0, 0, 1)) {
		t.Error("with tokens the loopback interface needs one, too")
	}
}

func TestBrokenHTTPIsAnsweredWithFalse(t *testing.T) {
	r := start(t)
	for name, text := range map[string]string{
		"no HTTP":                  "hello\r\n\r\n",
		"an endless header":        "POST /authz HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 64<<10) + "\r\n\r\n",
		"a negative length":        "POST /authz HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		"two lengths":              "POST /authz HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
		"length and chunks":        "POST /authz HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n",
		"a compressed body":        "POST /authz HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nConnection: close\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00",
		"a length that is none":    "POST /authz HTTP/1.1\r\nHost: x\r\nAuthorization: s3cr3t-caller\r\nContent-Length: x\r\n\r\n",
		"a header without a colon": "POST /authz HTTP/1.1\r\nHost: x\r\nAuthorization: s3cr3t-caller\r\ns3cr3t\r\n\r\n",
		"an unknown method":        "FOO /authz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
		"a method in lower case":   "post /authz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
		"an unknown path form":     "POST * HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
	} {
		conn, err := net.Dial("tcp", r.address)
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, text) // the server may have answered and closed before it has read all
		answer, _ := io.ReadAll(conn)     // a reset after the answer is fine
		if strings.Contains(string(answer), "true") {
			t.Errorf("%s: %q", name, answer)
		}
		if len(answer) > 0 && !strings.Contains(string(answer), `"result":false`) {
			t.Errorf("%s: the answer does not say false: %q", name, answer)
		}
		_ = conn.Close()
	}
	if got := r.post(aliceReads); got.body != `{"result":true}` {
		t.Errorf("afterwards a good question got %+v", got)
	}
	text, err := os.ReadFile(r.log)
	if err != nil {
		t.Fatal(err)
	}
	if text = append(text, r.program.Bytes()...); bytes.Contains(text, []byte("s3cr3t")) {
		t.Error("the log quotes what was sent, the caller token with it")
	}
}

func TestUnknownCallersHaveTheSmallBodyLimit(t *testing.T) {
	r := start(t, "a token that is known")
	large := strings.Replace(aliceReads, `"o"`, `"`+strings.Repeat("o", 100<<10)+`"`, 1)
	if got := r.send("POST", r.url, "a stranger's", []byte(large)); got.status != 401 || got.reason != "caller_unauthenticated" {
		t.Errorf("a stranger's large body got %+v", got)
	}
	if got := r.send("POST", r.url, "a token that is known", []byte(large)); got.body != `{"result":true}` {
		t.Errorf("a known caller's large body got %+v", got)
	}
	if got := r.send("POST", "http://"+r.address+"/backchannel-logout", "", []byte(large)); got.status != 413 {
		t.Errorf("a large logout token got %+v", got)
	}
}

func TestARefusedLogoutTokenGets400(t *testing.T) {
	r := start(t)
	got := r.send("POST", "http://"+r.address+"/backchannel-logout", "", []byte("logout_token=x"))
	if got.status != 400 || got.header.Get("Cache-Control") != "no-store" || !strings.Contains(got.body, `"result":false`) {
		t.Errorf("got %+v", got)
	}
}

func TestNoSecretOfARequestReachesTheLogs(t *testing.T) {
	r := start(t, "the caller's secret")
	secrets := []string{"the caller's secret"}
	for _, call := range fixtures.Calls(t)[1:] {
		r.send("POST", r.url, "the caller's secret", call.Body)
		var body struct {
			Input struct{ Conditions map[string][]string }
		}
		if err := json.Unmarshal(call.Body, &body); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"Authorization", "X-Amz-Security-Token", "X-Authentik-Jwt", "X-Authentik-Token", "Cookie", "jwt", "X-Amz-Signature", "Signature"} {
			secrets = append(secrets, body.Input.Conditions[name]...)
		}
	}
	log, err := os.ReadFile(r.log)
	if err != nil {
		t.Fatal(err)
	}
	log = append(log, r.program.Bytes()...)
	for _, s := range secrets {
		if len(s) > 8 && bytes.Contains(log, []byte(s)) {
			t.Errorf("a secret of %d bytes is in the log", len(s))
		}
	}
	if lines := r.lines(); len(lines) != len(fixtures.Calls(t))-1 {
		t.Errorf("%d questions have %d lines", len(fixtures.Calls(t))-1, len(lines))
	}
}

func TestAPanicInTheDecisionDeniesAndIsLogged(t *testing.T) {
	broken := false
	r := startWith(t, func() time.Time {
		if broken {
			panic("the clock is broken")
		}
		return time.Now()
	})
	broken = true
	got := r.post(aliceReads)
	if got.status != 500 || got.reason != "internal_error" || !strings.Contains(got.body, `"result":false`) {
		t.Errorf("got %+v", got)
	}
	if lines := r.lines(); len(lines) != 1 || lines[0]["reason"] != "internal_error" {
		t.Errorf("the decision log says %v", lines)
	}
	if !strings.Contains(r.program.String(), "the clock is broken") {
		t.Error("the program's log does not say what happened")
	}
	broken = false
	if got := r.post(aliceReads); got.body != `{"result":true}` {
		t.Errorf("afterwards a good question got %+v", got)
	}
}
