package main

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/demo/issuer"
	"github.com/claimgate/claimgate/app/dialect/decoder"
	"github.com/claimgate/claimgate/app/dialect/minio"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/revocation"
)

// gate decides in this process, without a server.
type gate struct {
	*gateway.Gateway
	verifier *verifier.Verifier
}

func (g *gate) close() {
	g.Close()
	g.verifier.Close()
}

func (w *world) newGate(ctx context.Context, iss *issuer.Server, mappingText string) (*gate, error) {
	v, err := verifier.New(verifier.Options{
		MaxToken: 32 << 10,
		Issuers: []verifier.Issuer{{
			Name: "authentik", URL: iss.URL(), Audiences: []string{"minio"}, Algorithms: []string{"RS256"},
			UsernameClaim: "preferred_username", Leeway: 30 * time.Second, MaxLifetime: 24 * time.Hour,
			Refresh: time.Hour, RefetchCooldown: time.Second, MaxStale: 24 * time.Hour,
		}},
	})
	if err != nil {
		return nil, err
	}
	v.Start()
	g, err := gateway.New(gateway.Options{
		Verifier: v, Revocations: revocation.NewList(time.Now, time.Hour), DecisionEntries: 1_000_000,
		Evidence: gateway.Evidence{Keys: []string{"authentik_token", "X-Authentik-Jwt"}, StaticCredentials: gateway.StaticMatch},
	})
	if err != nil {
		v.Close()
		return nil, err
	}
	file := filepath.Join(w.dir, "in-process.toml")
	if err := os.WriteFile(file, []byte(mappingText), 0o600); err != nil {
		return nil, err
	}
	m, found := mapping.Load(file)
	if m == nil {
		return nil, fmt.Errorf("the mapping: %v", found)
	}
	g.Use(m)
	for range 200 { // until the verifier has keys
		if v.States()[0].Keys > 0 {
			return &gate{g, v}, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil, errors.New("the verifier got no keys within two seconds")
}

// warmed decodes a question and decides it until the decision comes from the cache.
func (g *gate) warmed(ctx context.Context, body []byte) (*gateway.Request, error) {
	req, err := minio.Decode(body, new(strictjson.Document))
	if err != nil {
		return nil, err
	}
	before := g.Stats().DecisionHits
	for range 10_000 {
		if d := g.Decide(ctx, &req); !d.Allow() {
			return nil, fmt.Errorf("%s: %s", d.Reason, d.Detail)
		}
		if g.Stats().DecisionHits > before {
			return &req, nil
		}
	}
	return nil, errors.New("the decision is not remembered")
}

// decisionTime returns the time of one decision in microseconds, the mean of 1,000.
func (g *gate) decisionTime(ctx context.Context, req *gateway.Request, d *gateway.Decision) float64 {
	const batch = 1000
	start := time.Now()
	for range batch {
		g.DecideInto(ctx, req, d)
	}
	return float64(time.Since(start).Nanoseconds()) / batch / 1e3
}

func decide(ctx context.Context, w *world, r *results) error {
	iss, err := startIssuer(ctx, 4096)
	if err != nil {
		return err
	}
	defer func() { _ = iss.Close() }()
	g, err := w.newGate(ctx, iss, smallMapping)
	if err != nil {
		return err
	}
	defer g.close()
	body, err := questionOf(iss)
	if err != nil {
		return err
	}
	req, err := g.warmed(ctx, body)
	if err != nil {
		return err
	}
	var d gateway.Decision
	allocs := testing.AllocsPerRun(1000, func() { g.DecideInto(ctx, req, &d) })
	bodies, err := questionsOf(iss)
	if err != nil {
		return err
	}
	doc, decoder := new(strictjson.Document), &decoder.Decoder{Dialect: minio.Dialect, Evidence: []string{"authentik_token"}}
	first, err := decoder.Decode(bodies[0], doc)
	if err != nil {
		return err
	}
	decoder.Keep(bodies[0], &first, doc)
	var deciding, decoding, resembling []float64
	for range w.rounds(200) {
		deciding = append(deciding, g.decisionTime(ctx, req, &d))
		start := time.Now()
		for range 1000 {
			if _, err := minio.Decode(body, doc); err != nil {
				return err
			}
		}
		decoding = append(decoding, float64(time.Since(start).Nanoseconds())/1e6)
		start = time.Now()
		for n := range 1000 {
			if _, err := decoder.Decode(bodies[n%len(bodies)], doc); err != nil {
				return err
			}
		}
		resembling = append(resembling, float64(time.Since(start).Nanoseconds())/1e6)
	}
	r.record("allocs", allocs)
	r.record("decide", median(deciding))
	r.draw(&plot{name: "decide", title: "A warm answer without its socket, RSA-4096", unit: "µs", bars: []bar{
		{name: "decoding the first body of a session", value: median(decoding)},
		{name: "decoding the others", value: median(resembling)},
		{name: "gateway.Decide", value: median(deciding)},
		{name: "goal for gateway.Decide", value: 2, goal: true},
	}})
	return nil
}

// cold compares the verification of new tokens with the bare check of the same
// signatures.
func cold(ctx context.Context, w *world, r *results) error {
	p := &plot{name: "cold", title: "A new token", unit: "µs"}
	for _, bits := range []int{2048, 4096} {
		bare, whole, err := w.coldOf(ctx, bits)
		if err != nil {
			return err
		}
		r.record(fmt.Sprintf("cold%d", bits), whole/bare)
		p.bars = append(p.bars,
			bar{name: fmt.Sprintf("RSA-%d, the bare check", bits), value: bare, goal: true},
			bar{name: fmt.Sprintf("RSA-%d, claimgate", bits), value: whole})
	}
	r.draw(p)
	return nil
}

func (w *world) coldOf(ctx context.Context, bits int) (bare, whole float64, err error) {
	iss, err := startIssuer(ctx, bits)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = iss.Close() }()
	g, err := w.newGate(ctx, iss, smallMapping)
	if err != nil {
		return 0, 0, err
	}
	defer g.close()
	text, err := iss.EncodeKey()
	if err != nil {
		return 0, 0, err
	}
	private, err := issuer.ParseKey(text)
	if err != nil {
		return 0, 0, err
	}
	user, _ := iss.User("alice")
	count := 300
	if w.quick {
		count = 30
	}
	// All tokens are signed first. Signing in between would evict data from the
	// processor's caches that a server that only verifies keeps there.
	tokens := make([]string, count)
	for n := range tokens {
		claims := iss.EvidenceClaims(user)
		claims["jti"] = fmt.Sprint(n)
		tokens[n] = iss.Token(claims)
	}
	var bares, wholes []float64
	for _, token := range tokens {
		start := time.Now()
		if err := check(&private.PublicKey, token); err != nil {
			return 0, 0, err
		}
		between := time.Now()
		if _, err := g.verifier.Verify(ctx, token, verifier.Presented{}); err != nil {
			return 0, 0, err
		}
		wholes = append(wholes, float64(time.Since(between).Nanoseconds())/1e3)
		bares = append(bares, float64(between.Sub(start).Nanoseconds())/1e3)
	}
	// The lower quartile, because other programs on the machine can only add time.
	return percentile(bares, 0.25), percentile(wholes, 0.25), nil
}

// check is the minimum of a verification: the SHA-256 and the RSA signature.
func check(key *rsa.PublicKey, token string) error {
	dot := strings.LastIndexByte(token, '.')
	signature, err := base64.RawURLEncoding.DecodeString(token[dot+1:])
	if err != nil {
		return err
	}
	digest := sha256.Sum256([]byte(token[:dot]))
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature)
}
