package serve

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/wait"
)

// rustfsReads is aliceReads in RustFS's dialect.
const rustfsReads = `{"input":{"identity":{"account":"alice","groups":[],"is_owner":false,"claims":{}},"resource":{"bucket":"b","object":"o","arn":"arn:aws:s3:::b/o"},"action":"s3:GetObject","context":{"conditions":{},"deny_only":false,"timestamp":"2026-08-23T00:00:00+00:00"}}}`

// Each path has its own dialect: a body in the other dialect is malformed or denied, and root is root in
// both.
func TestEachEndpointSpeaksItsDialect(t *testing.T) {
	l := start(t, "CLAIMGATE_ENDPOINT_0_PATH=/rustfs", "CLAIMGATE_ENDPOINT_0_DIALECT=rustfs", "CLAIMGATE_ENDPOINT_1_PATH=/second")
	owner := strings.Replace(rustfsReads, `"is_owner":false`, `"is_owner":true`, 1)
	for _, c := range []struct {
		path, body, answer, reason string
		status                     int
	}{
		{"/authz", aliceReads, `{"result":true}`, "policy_allow", 200},
		{"/second", aliceReads, `{"result":true}`, "policy_allow", 200},
		{"/rustfs", rustfsReads, `{"result":true}`, "policy_allow", 200},
		{"/rustfs", strings.Replace(rustfsReads, "GetObject", "PutObject", 1), `{"result":false}`, "policy_implicit_deny", 200},
		{"/rustfs", owner, `{"result":true}`, "owner", 200},
		{"/rustfs", "", `{"result":false}`, "", 200},
		{"/rustfs", aliceReads, `{"result":false,"error":"request_malformed"}`, "request_malformed", 400},
		{"/rustfs/", rustfsReads, `{"result":false,"error":"request_malformed"}`, "request_malformed", 404},
		// MinIO's dialect ignores all members of this body, so the request has no account.
		{"/authz", owner, `{"result":false}`, "no_token", 200},
	} {
		resp, err := http.Post("http://"+l.publicListener.Addr().String()+c.path, "application/json", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || string(got) != c.answer || resp.StatusCode != c.status || resp.Header.Get("X-Claimgate-Reason") != c.reason {
			t.Errorf("%s: %d %s %s, %v", c.path, resp.StatusCode, got, resp.Header.Get("X-Claimgate-Reason"), err)
		}
	}
}

// front forwards connections to the current backend, as a Kubernetes Service does.
type front struct {
	net.Listener
	backend atomic.Pointer[string]
	reached sync.Map // the addresses of the backends that have had a connection
	open    sync.WaitGroup
}

func (f *front) run() {
	for {
		c, err := f.Accept()
		if err != nil {
			return
		}
		f.open.Go(func() {
			defer c.Close()
			address := *f.backend.Load()
			b, err := net.Dial("tcp", address)
			if err != nil {
				return
			}
			defer b.Close()
			f.reached.Store(address, true)
			f.open.Go(func() {
				_, _ = io.Copy(b, c)
				_ = b.(*net.TCPConn).CloseWrite()
			})
			_, _ = io.Copy(c, b)
		})
	}
}

// RustFS's client keeps ten idle connections, offers HTTP/2 over TLS, and repeats nothing. All of ten thousand
// requests get an answer, although the gateway restarts in between. RustFS waits one second for a connection and five
// for an answer. The client here waits longer, because the machine may be busy: a lost answer never comes.
func TestRustFSLosesNoQuestion(t *testing.T) {
	const questions = 10_000 // at least: the test asks until the second gateway is in use
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "c"), filepath.Join(dir, "k")
	pool := certificate(t, cert, key)
	env := []string{"CLAIMGATE_ENDPOINT_0_PATH=/rustfs", "CLAIMGATE_ENDPOINT_0_DIALECT=rustfs", "CLAIMGATE_SERVER_TLS_CERT=" + cert, "CLAIMGATE_SERVER_TLS_KEY=" + key, "CLAIMGATE_SERVER_SHUTDOWN_GRACE=5m"}
	before, after := start(t, env...), start(t, env...)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &front{Listener: ln}
	address := before.publicListener.Addr().String()
	f.backend.Store(&address)
	go f.run()

	client := &http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{
		DialContext: (&net.Dialer{Timeout: 2 * time.Minute}).DialContext, MaxIdleConnsPerHost: 10, IdleConnTimeout: time.Minute,
		ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
	}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		_ = ln.Close()
		f.open.Wait()
	})
	ask := func(n int64) error {
		// The object differs each time, so that a lost answer is no earlier one's.
		body := strings.NewReplacer(`"object":"o"`, fmt.Sprintf(`"object":"o%d"`, n), "b/o", fmt.Sprintf("b/o%d", n)).Replace(rustfsReads)
		req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodPost, "https://"+ln.Addr().String()+"/rustfs", io.NopCloser(bytes.NewReader([]byte(body)))) // a body that cannot be sent again: no retry
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		req.ContentLength = int64(len(body))
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		var answer struct {
			Result bool `json:"result"`
		}
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != http.StatusOK || !answer.Result {
			return fmt.Errorf("answered %d %v: %w", resp.StatusCode, answer, err)
		}
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	next := after.publicListener.Addr().String()
	var asked, begun atomic.Int64
	var lost atomic.Pointer[error]
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			for {
				n := begun.Add(1)
				if _, restarted := f.reached.Load(next); n > questions && (restarted || n > 100*questions) {
					return
				}
				if n == questions/2 {
					f.backend.Store(&next)
					before.stop()
				}
				asked.Add(1)
				if err := ask(n); err != nil {
					lost.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	all.Wait()
	if err := lost.Load(); err != nil {
		t.Errorf("a question was lost: %v", *err)
	}
	want := int(asked.Load())
	wait.Until(t, "the lines of all questions", func() bool { return before.requests()+after.requests() >= want })
	if got := before.requests() + after.requests(); got != want {
		t.Errorf("%v lines for %d questions", got, want)
	}
	if after.requests() == 0 {
		t.Error("the restart was not seen")
	}
}

// requests returns how many requests were allowed.
func (l *live) requests() int {
	l.t.Helper()
	text, err := os.ReadFile(l.path("decisions.jsonl"))
	if err != nil {
		l.t.Fatal(err)
	}
	return strings.Count(string(text), `"reason":"policy_allow"`)
}

// No secret of a RustFS request is logged. RustFS sends the caller's headers, keys and tokens.
func TestNoSecretOfRustFSReachesTheLogs(t *testing.T) {
	l := start(t, "CLAIMGATE_ENDPOINT_0_PATH=/rustfs", "CLAIMGATE_ENDPOINT_0_DIALECT=rustfs")
	conditions := `"SourceIp":["192.0.2.1"],"authorization":["AWS4 s3cr3t"],"cookie":["s3cr3t"],"x-amz-security-token":["s3cr3t"],` +
		`"x-amz-server-side-encryption-customer-key":["s3cr3t"],"x-authentik-jwt":["eyJzM2NyM3QiOiJzM2NyM3QifQ.s3cr3ts3cr3t.s3cr3ts3cr3t"],"Referer":["https://x/?sig=s3cr3t"]`
	claims := `"sub":"u","iss":"rustfs-oidc","oidc_provider":"default","parent":"p","sessionPolicy":"s3cr3t","secret":"s3cr3t"`
	for _, body := range []string{
		strings.Replace(rustfsReads, `"conditions":{}`, `"conditions":{`+conditions+`}`, 1),
		strings.NewReplacer(`"conditions":{}`, `"conditions":{`+conditions+`}`, `"claims":{}`, `"claims":{`+claims+`}`).Replace(rustfsReads),
		strings.NewReplacer(`"conditions":{}`, `"conditions":{`+conditions+`,"x":["s3cr3t",1]}`).Replace(rustfsReads), // malformed
	} {
		resp, err := http.Post("http://"+l.publicListener.Addr().String()+"/rustfs", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || bytes.Contains(answer, []byte("s3cr3t")) || bytes.Contains(answer, []byte("true")) {
			t.Errorf("answered %s, %v", answer, err)
		}
	}
	text := l.lines("decisions.jsonl", 3)
	if !strings.Contains(text, `"source":"192.0.2.1"`) {
		t.Errorf("the log holds\n%s", text)
	}
	if strings.Contains(text, "s3cr3t") || l.program.count("s3cr3t") > 0 {
		t.Error("a log holds a secret")
	}
}
