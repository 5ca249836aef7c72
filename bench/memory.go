package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"time"
)

const liveTokens = 100_000

// memory measures the resident set of claimgate after its first answer, and after it
// has verified many tokens. The tokens are signed with Ed25519, because signing with
// RSA-4096 takes minutes. The cached entry of a token does not hold its signature.
func memory(ctx context.Context, w *world, r *results) error {
	s, err := newSigner(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	p, err := w.startFor(ctx, s)
	if err != nil {
		return err
	}
	defer stop(p)
	first, err := s.question(0)
	if err != nil {
		return err
	}
	if err := p.waitUntilAllows(ctx, first); err != nil {
		return err
	}
	time.Sleep(time.Second)
	idle, err := p.resident()
	if err != nil {
		return err
	}
	count := liveTokens
	if w.quick {
		count = 5000
	}
	r.record("idle", idle)
	grown := &plot{name: "memory", title: "Resident memory by the tokens in use", unit: "MiB", xLabel: "live tokens"}
	sizes := []float64{}
	from := 0
	for _, n := range []int{count / 100, count / 10, count / 4, count / 2, count} {
		if err := s.askAll(ctx, p, from, n); err != nil {
			return err
		}
		from = n
		rss, err := p.resident()
		if err != nil {
			return err
		}
		grown.x, sizes = append(grown.x, float64(n)), append(sizes, rss)
	}
	remembered, err := s.askAgain(ctx, p, count)
	if err != nil {
		return err
	}
	rss, err := p.resident()
	if err != nil {
		return err
	}
	sizes[len(sizes)-1] = rss
	grown.lines = []line{{"claimgate", sizes}}
	r.draw(grown)
	r.record("live", rss)
	r.fact("Asked a second time, %.1f %% of the %d tokens were in the cache, with the default cache.token_bytes of 64MiB; the others were verified again.", 100*remembered, count)
	return nil
}

// askAgain asks once more with each of count tokens, so that all tokens are in use. It returns the share
// of the tokens that the cache still held.
func (s *signer) askAgain(ctx context.Context, p *process, count int) (remembered float64, err error) {
	before, err := p.hits(ctx)
	if err != nil {
		return 0, err
	}
	if err := s.askAll(ctx, p, 0, count); err != nil {
		return 0, err
	}
	after, err := p.hits(ctx)
	return (after - before) / float64(count), err
}

var residentLine = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

// resident returns the process's resident set in MiB.
func (p *process) resident() (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	m := residentLine.FindSubmatch(status)
	if m == nil {
		return 0, fmt.Errorf("no VmRSS in\n%s", status)
	}
	kb, err := strconv.ParseFloat(string(m[1]), 64)
	return kb / 1024, err
}

var hitLine = regexp.MustCompile(`claimgate_token_cache_total\{outcome="hit"\} (\S+)`)

func (p *process) hits(ctx context.Context) (float64, error) { return p.metric(ctx, hitLine) }

// metric returns the value of the metric that the expression finds.
func (p *process) metric(ctx context.Context, line *regexp.Regexp) (float64, error) {
	text, err := get(ctx, p.admin+"/metrics")
	if err != nil {
		return 0, err
	}
	m := line.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("/metrics has no line like %s", line)
	}
	return strconv.ParseFloat(m[1], 64)
}

// signer is an issuer with an Ed25519 key.
type signer struct {
	url     string
	private ed25519.PrivateKey
	server  *http.Server
	now     int64 // iat of every token, so that question(n) always has the same token
}

func newSigner(ctx context.Context) (*signer, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	keys, err := json.Marshal(map[string]any{"keys": []any{map[string]string{
		"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(public), "kid": "bench", "use": "sig", "alg": "EdDSA",
	}}})
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &signer{url: "http://" + l.Addr().String() + "/application/o/minio/", private: private, now: time.Now().Unix(), server: &http.Server{ReadHeaderTimeout: time.Second}}
	s.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(keys) // the client notices a failure
	})
	go func() { _ = s.server.Serve(l) }() // until close
	return s, nil
}

// startFor starts claimgate for the tokens of the signer, with the environment variables set as further settings.
func (w *world) startFor(ctx context.Context, s *signer, set ...string) (*process, error) {
	return w.startClaimgate(ctx, offName, s.url, append(set, "CLAIMGATE_ISSUER_0_JWKS_URL="+s.url+"jwks/", "CLAIMGATE_ISSUER_0_ALGORITHMS=EdDSA")...)
}

func (s *signer) close() { _ = s.server.Close() }

// question returns a question of the nth user, with a token as large as Authentik's.
func (s *signer) question(n int) ([]byte, error) {
	now := s.now
	claims := map[string]any{
		"iss": s.url, "sub": fmt.Sprintf("%064x", n), "aud": "minio", "azp": "minio", "exp": now + 8*3600, "iat": now, "auth_time": now,
		"acr": "goauthentik.io/providers/oauth2/default", "amr": []string{"pwd"}, "sid": fmt.Sprintf("%064x", n*7), "jti": fmt.Sprint(n),
		"email": fmt.Sprintf("user-%d@example.com", n), "email_verified": true, "name": "A User", "given_name": "A", "nickname": fmt.Sprintf("user-%d", n),
		"preferred_username": fmt.Sprintf("user-%d", n), "groups": []string{"MinIO users", "staff", "team blue"}, "policy": "readwrite", "uid": fmt.Sprint(n),
	}
	header, err := json.Marshal(map[string]string{"alg": "EdDSA", "typ": "JWT", "kid": "bench"})
	if err != nil {
		return nil, err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return nil, err
	}
	input := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(payload)
	claims["authentik_token"] = input + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(s.private, []byte(input)))
	return question(claims, 0)
}

// askAll asks once with each token from from to n-1.
func (s *signer) askAll(ctx context.Context, p *process, from, n int) error {
	return p.askAll(ctx, 8, from, n, s.question)
}
