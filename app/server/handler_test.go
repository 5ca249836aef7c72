package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/dialect"
	"github.com/claimgate/claimgate/app/dialect/minio"
	"github.com/claimgate/claimgate/app/dialect/rustfs"

	"github.com/claimgate/claimgate/app/audit"
	"github.com/claimgate/claimgate/app/demo/issuer"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/parent"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/revocation"
	"github.com/rs/zerolog"
	"github.com/valyala/fasthttp"
)

// inside is a server without sockets. Tests call its handler.
type inside struct {
	handler fasthttp.RequestHandler
	gateway *gateway.Gateway
	issuer  *issuer.Server
	log     string
}

func newInside(tb testing.TB, output string) *inside {
	tb.Helper()
	iss, err := issuer.Listen(tb.Context(), "127.0.0.1:0", issuer.Options{ClientID: "minio", Lifetime: 8 * time.Hour})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = iss.Close() })
	v, err := verifier.New(verifier.Options{Issuers: []verifier.Issuer{{
		Name: "authentik", URL: iss.URL(), Audiences: []string{"minio"}, Algorithms: []string{"RS256"}, UsernameClaim: "preferred_username",
		Leeway: 30 * time.Second, MaxLifetime: 24 * time.Hour, Refresh: time.Hour, RefetchCooldown: time.Second, MaxStale: 24 * time.Hour,
	}}})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(v.Close)
	g, err := gateway.New(gateway.Options{
		Verifier: v, Revocations: revocation.NewList(time.Now, time.Hour), DecisionEntries: 1000,
		Evidence: gateway.Evidence{Keys: []string{"authentik_token"}, StaticCredentials: gateway.StaticMatch},
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(g.Close)
	dir := tb.TempDir()
	file := filepath.Join(dir, "mapping.toml")
	text := "version = 1\n[[group]]\nname = \"MinIO users\"\npolicies = [\"readwrite\"]\n"
	for n := range lanes {
		text += fmt.Sprintf("[[account]]\nname = \"lane-%d\"\npolicies = [\"readonly\"]\n", n)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	m, found := mapping.Load(file)
	if m == nil {
		tb.Fatal(found)
	}
	g.Use(m)
	if output == "" {
		output = filepath.Join(dir, "decisions.jsonl")
	}
	log, err := audit.Open(output, "all", audit.Timeouts(2*time.Minute, 2*time.Minute))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = log.Close() })
	callers := new(Callers)
	callers.Set(nil)
	s := New(Options{
		Gateway: g, Callers: callers, Audit: log, Metrics: NewMetrics("test", "test"), Log: zerolog.Nop(), MaxBody: 4 << 20, MaxConnections: 10,
		Endpoints: map[string]*dialect.Dialect{"/authz": minio.Dialect, "/rustfs": rustfs.Dialect},
	})
	return &inside{handler: s.app.Server().Handler, gateway: g, issuer: iss, log: output}
}

// newCall makes a connection's request context. Callers use it for several requests, as fasthttp does.
func newCall() *fasthttp.RequestCtx {
	c := new(fasthttp.RequestCtx)
	c.Init(&fasthttp.Request{}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}, nil)
	return c
}

func (in *inside) post(c *fasthttp.RequestCtx, body []byte) { in.postTo(c, "/authz", body) }

func (in *inside) postTo(c *fasthttp.RequestCtx, path string, body []byte) {
	c.Request.Reset()
	c.Response.Reset()
	c.Request.Header.SetMethod("POST")
	c.Request.SetRequestURI(path)
	c.Request.SetBody(body)
	in.handler(c)
}

// session returns MinIO's request body for a GET by alice.
func (in *inside) session(tb testing.TB) []byte {
	user, _ := in.issuer.User("alice")
	claims := in.issuer.IDClaims(user)
	body, err := json.Marshal(map[string]any{"input": map[string]any{
		"account": "SESSION", "groups": nil, "action": "s3:GetObject", "originalAction": "", "bucket": "reports", "owner": false,
		"object": "2026/q3.csv", "claims": claims, "denyOnly": false,
		"conditions": map[string]any{"SourceIp": []string{"10.0.0.1"}, "authentik_token": []any{claims["authentik_token"]}},
	}})
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

// atRustFS returns RustFS's request body for the same GET.
func (in *inside) atRustFS(tb testing.TB) []byte {
	user, _ := in.issuer.User("alice")
	body, err := json.Marshal(map[string]any{"input": map[string]any{
		"identity": map[string]any{"account": "SESSION", "groups": user.Groups, "is_owner": false, "claims": map[string]any{
			"sub": user.Subject, "iss": "rustfs-oidc", "oidc_provider": "default", "parent": parent.RustFS(in.issuer.URL(), user.Subject).String(), "groups": user.Groups,
		}},
		"resource": map[string]any{"bucket": "reports", "object": "2026/q3.csv", "arn": "arn:aws:s3:::reports/2026/q3.csv"},
		"action":   "s3:GetObject",
		"context": map[string]any{"deny_only": false, "timestamp": "2026-11-21T12:00:00+00:00", "conditions": map[string]any{
			"SourceIp": []string{"10.0.0.1"}, "authentik_token": []string{in.issuer.EvidenceToken(user)},
		}},
	}})
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

func BenchmarkHandler(b *testing.B) {
	for _, run := range []struct{ name, output, path string }{
		{"audit=off", "off", "/authz"},
		{"audit=file", "", "/authz"},
		{"audit=off, RustFS", "off", "/rustfs"},
	} {
		b.Run(run.name, func(b *testing.B) {
			in := newInside(b, run.output)
			body, c := in.session(b), newCall()
			if run.path == "/rustfs" {
				body = in.atRustFS(b)
			}
			for in.gateway.Stats().DecisionHits == 0 { // the keys are fetched in the background
				in.postTo(c, run.path, body)
			}
			b.ReportAllocs()
			for b.Loop() {
				in.postTo(c, run.path, body)
			}
			if string(c.Response.Body()) != `{"result":true}` {
				b.Fatalf("answered %s", c.Response.Body())
			}
		})
	}
}

// The next mapping costs a second evaluation, with its own cache. The two gateways are measured in turns,
// so that the machine's load affects both. docs/performance.md names the ratio.
func BenchmarkShadow(b *testing.B) {
	off, on := newInside(b, ""), newInside(b, "")
	file := filepath.Join(b.TempDir(), "next.toml")
	text := "version = 1\n[[group]]\nname = \"MinIO users\"\npolicies = [\"readonly\"]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	m, found := mapping.Load(file)
	if m == nil {
		b.Fatal(found)
	}
	on.gateway.UseShadow(m)
	var spent [2]time.Duration
	bodies, calls := [2][]byte{off.session(b), on.session(b)}, [2]*fasthttp.RequestCtx{newCall(), newCall()}
	for i, in := range []*inside{off, on} {
		for in.gateway.Stats().DecisionHits == 0 {
			in.post(calls[i], bodies[i])
		}
	}
	for b.Loop() {
		for i, in := range []*inside{off, on} {
			began := time.Now()
			for range 100 {
				in.post(calls[i], bodies[i])
			}
			spent[i] += time.Since(began)
		}
	}
	b.ReportMetric(float64(spent[1])/float64(spent[0]), "on/off")
}

const lanes = 8

// poison fills the pooled questions with a request of root, which would be allowed. An earlier request
// could leave the same behind.
func poison() {
	var held []*question
	for range 4 {
		q := questions.Get().(*question)
		body := []byte(`{"input":{"account":"root","action":"s3:GetObject","bucket":"poison","object":"poison","owner":true,` +
			`"conditions":{"authentik_token":["poison"]},"claims":{"sub":"poison"},"denyOnly":true}}`)
		if err := q.doc.Parse(body); err != nil {
			panic(err)
		}
		for i := range body { // fasthttp reuses the memory of the body
			body[i] = '!'
		}
		held = append(held, q)
	}
	for _, q := range held {
		q.release()
	}
}

// Each request has its own answer and its own line, whatever other requests run at the same time or left
// in the pool. Under the race detector this test also finds a buffer that two requests hold.
func TestPooledQuestionsAreNeverShared(t *testing.T) {
	in := newInside(t, "")
	const each = 300
	type told struct{ reason, object string }
	var mu sync.Mutex
	want := map[string]told{}
	var asking sync.WaitGroup
	for lane := range lanes {
		asking.Go(func() {
			c := newCall()
			for n := range each {
				object := fmt.Sprintf("%d/%d/%s", lane, n, strings.Repeat("x", n%200))
				ask := func(account string, owner bool) []byte {
					return fmt.Appendf(nil, `{"input":{"account":%q,"action":"s3:GetObject","bucket":"b","object":%q,"owner":%v,"conditions":{},"claims":{},"denyOnly":false}}`,
						account, object, owner)
				}
				var body []byte
				w := told{object: object}
				status, answer := 200, `{"result":false}`
				switch n % 5 {
				case 0:
					body, w.reason, answer = ask(fmt.Sprint("lane-", lane), false), "policy_allow", `{"result":true}`
				case 1:
					body, w.reason = ask("nobody", false), "no_token"
				case 2:
					body, w.reason, answer = ask("root", true), "owner", `{"result":true}`
				case 3: // the body ends before the account
					body, w = ask("root", true)[:len(`{"input":{"account"`)], told{reason: "request_malformed"}
					status, answer = 400, `{"result":false,"error":"request_malformed"}`
				case 4: // the probe
					w.reason = ""
				}
				in.post(c, body)
				// The memory of the request is reused at once.
				id := string(c.Response.Header.Peek("X-Claimgate-Decision"))
				got := told{string(c.Response.Header.Peek("X-Claimgate-Reason")), w.object}
				if got.reason != w.reason || c.Response.StatusCode() != status || string(c.Response.Body()) != answer {
					t.Errorf("lane %d, request %d: %d %s %s, want %+v", lane, n, c.Response.StatusCode(), got.reason, c.Response.Body(), w)
					return
				}
				whole := c.Request.Body()
				for i := range whole {
					whole[i] = '?'
				}
				if n%7 == 0 {
					poison()
				}
				if id != "" {
					mu.Lock()
					want[id] = w
					mu.Unlock()
				}
			}
		})
	}
	asking.Wait()
	text, err := os.ReadFile(in.log)
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range bytes.Lines(text) {
		var l struct{ ID, Reason, Object, Account string }
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		w, known := want[l.ID]
		if !known || l.Reason != w.reason || l.Object != w.object {
			t.Errorf("the log says %+v of an answer that was %+v", l, w)
		}
		lines++
	}
	if lines != len(want) || lines != lanes*each*4/5 {
		t.Errorf("%d lines for %d answers", lines, len(want))
	}
}

// A released question is empty, even after a panic in a decision.
func TestAReleasedQuestionIsEmpty(t *testing.T) {
	q := new(question)
	if err := q.doc.Parse([]byte(`{"a":1}`)); err != nil {
		t.Fatal(err)
	}
	q.status, q.probe, q.known, q.request = 400, true, true, &q.body
	q.body.Owner, q.decision.Reason = true, gateway.Owner
	q.release()
	if q.status != 0 || q.probe || q.known || q.request != nil || q.body.Owner || q.decision.Reason != "" || !q.started.IsZero() {
		t.Errorf("%+v is left", q.answer)
	}
	if q.doc.Root().Kind() != 0 {
		t.Error("the document holds what it held")
	}
}

// The handler allocates nothing for a request that the caches already know.
func TestAWarmQuestionAllocatesNothing(t *testing.T) {
	for _, path := range []string{"/authz", "/rustfs"} {
		in := newInside(t, "off")
		body, c := in.session(t), newCall()
		if path == "/rustfs" {
			body = in.atRustFS(t)
		}
		for in.gateway.Stats().DecisionHits == 0 {
			in.postTo(c, path, body)
		}
		least := 100.0
		for range 10 { // ristretto's goroutines allocate now and then
			least = min(least, testing.AllocsPerRun(200, func() { in.postTo(c, path, body) }))
		}
		if least > allocations {
			t.Errorf("%s: a warm question allocates %v times, want at most %d", path, least, allocations)
		}
	}
}
