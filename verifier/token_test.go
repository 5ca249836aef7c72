package verifier

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	_ "crypto/sha512" // ES384, ES512
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"sync"
	"testing"
	"time"
)

// The provider of authentik-shaped tokens that the tests know.
const (
	issuerURL = "https://auth.example/application/o/minio/"
	clientID  = "minio-client"
)

// testNow is when the tests without a bubble of their own take place.
var testNow = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// A testKey signs tokens and shows its public half as a JWK.
type testKey struct {
	kid, alg string
	private  crypto.Signer
}

var (
	rsaPrivate = [...]func() *rsa.PrivateKey{onceRSA(2048), onceRSA(2048), onceRSA(2048)}
	rsa4096    = onceRSA(4096)
	ecPrivate  = map[string]func() *ecdsa.PrivateKey{
		"ES256": onceEC(elliptic.P256()), "ES384": onceEC(elliptic.P384()), "ES512": onceEC(elliptic.P521()),
	}
	edPrivate = sync.OnceValue(func() ed25519.PrivateKey {
		_, k, err := ed25519.GenerateKey(rand.Reader)
		must(err)
		return k
	})
)

func onceRSA(bits int) func() *rsa.PrivateKey {
	return sync.OnceValue(func() *rsa.PrivateKey {
		k, err := rsa.GenerateKey(rand.Reader, bits)
		must(err)
		return k
	})
}

func onceEC(c elliptic.Curve) func() *ecdsa.PrivateKey {
	return sync.OnceValue(func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		must(err)
		return k
	})
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Authentik's kid is the MD5 of a PEM, 32 hex digits, up to 2025.12.
const (
	kidOne = "0123456789abcdef0123456789abcdef"
	kidTwo = "fedcba9876543210fedcba9876543210"
)

func rsaKey(n int, kid string) *testKey { return &testKey{kid, "RS256", rsaPrivate[n]()} }

func ecKey(alg, kid string) *testKey { return &testKey{kid, alg, ecPrivate[alg]()} }

func edKey(kid string) *testKey { return &testKey{kid, "EdDSA", edPrivate()} }

var testHashes = map[string]crypto.Hash{
	"RS256": crypto.SHA256, "RS384": crypto.SHA384, "RS512": crypto.SHA512,
	"PS256": crypto.SHA256, "PS384": crypto.SHA384, "PS512": crypto.SHA512,
	"ES256": crypto.SHA256, "ES384": crypto.SHA384, "ES512": crypto.SHA512,
}

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

func toJSON(v any) []byte {
	text, err := json.Marshal(v)
	must(err)
	return text
}

// signature signs text by alg.
func (k *testKey) signature(text string) []byte {
	hash := testHashes[k.alg]
	digest := []byte(text)
	if hash != 0 {
		h := hash.New()
		h.Write(digest)
		digest = h.Sum(nil)
	}
	var opts crypto.SignerOpts = hash
	if k.alg[0] == 'P' {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
	}
	if private, ok := k.private.(*ecdsa.PrivateKey); ok {
		r, s, err := ecdsa.Sign(rand.Reader, private, digest)
		must(err)
		size := (private.Curve.Params().BitSize + 7) / 8
		return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
	}
	sig, err := k.private.Sign(rand.Reader, digest, opts)
	must(err)
	return sig
}

// compact signs header and payload as they are.
func (k *testKey) compact(header, payload []byte) string {
	text := b64(header) + "." + b64(payload)
	return text + "." + b64(k.signature(text))
}

// token signs claims under the header that Authentik writes, with changes.
func (k *testKey) token(c claims, header ...any) string {
	h := map[string]any{"alg": k.alg, "typ": "JWT", "kid": k.kid}
	change(h, header)
	return k.compact(toJSON(h), toJSON(c))
}

// hmacToken is signed with a shared secret, as by a provider without a signing
// key, or by whoever passes a public key off as one.
func hmacToken(secret []byte, c claims, header map[string]any) string {
	text := b64(toJSON(header)) + "." + b64(toJSON(c))
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return text + "." + b64(mac.Sum(nil))
}

// jwk is the public key as Authentik publishes it, with changes.
func (k *testKey) jwk(changes ...any) map[string]any {
	m := map[string]any{"kid": k.kid, "use": "sig", "alg": k.alg}
	switch p := k.private.Public().(type) {
	case *rsa.PublicKey:
		m["kty"], m["n"], m["e"] = "RSA", b64(p.N.Bytes()), b64(big.NewInt(int64(p.E)).Bytes())
	case *ecdsa.PublicKey:
		point, err := p.Bytes()
		must(err)
		size := (len(point) - 1) / 2
		m["kty"], m["crv"], m["x"], m["y"] = "EC", p.Curve.Params().Name, b64(point[1:1+size]), b64(point[1+size:])
	case ed25519.PublicKey:
		m["kty"], m["crv"], m["x"] = "OKP", "Ed25519", b64(p)
	}
	change(m, changes)
	return m
}

func jwks(keys ...map[string]any) []byte { return toJSON(map[string]any{"keys": keys}) }

// jwksOf publishes keys as they are.
func jwksOf(keys ...*testKey) []byte {
	list := make([]map[string]any, len(keys))
	for n, k := range keys {
		list[n] = k.jwk()
	}
	return jwks(list...)
}

type claims map[string]any

// idClaims are those of a code-flow ID token since 2025.10, issued at now.
func idClaims(now time.Time) claims {
	return claims{
		"iss": issuerURL, "sub": "5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e", "aud": clientID,
		"exp": now.Unix() + 3600, "iat": now.Unix(), "auth_time": now.Unix(), "acr": "goauthentik.io/providers/oauth2/default",
		"amr": []string{"pwd"}, "nonce": "n-0S6_WzA2Mj", "sid": fmt.Sprintf("%064x", 1), "email": "alice@example.com", "email_verified": false,
		"name": "Alice", "preferred_username": "alice", "groups": []string{"minio users"}, "policy": "readwrite",
	}
}

// with returns a copy with changes: names and values in turn. The value drop
// removes a claim.
func (c claims) with(changes ...any) claims {
	c = maps.Clone(c)
	change(c, changes)
	return c
}

type dropped struct{}

var drop dropped

func change(m map[string]any, changes []any) {
	for n := 0; n < len(changes); n += 2 {
		if changes[n+1] == any(drop) {
			delete(m, changes[n].(string))
		} else {
			m[changes[n].(string)] = changes[n+1]
		}
	}
}

// testIssuerConfig is the configuration that most tests use.
func testIssuerConfig() Issuer {
	return Issuer{
		Name: "authentik", URL: issuerURL, Audiences: []string{clientID},
		Algorithms: []string{"RS256", "ES256", "ES384", "ES512", "EdDSA"}, UsernameClaim: "preferred_username",
		Leeway: 30 * time.Second, MaxLifetime: 24 * time.Hour,
		Refresh: 5 * time.Minute, RefetchCooldown: 10 * time.Second, MaxStale: 24 * time.Hour,
	}
}

// offline makes a verifier at testNow whose issuers never leave this process:
// the first one's key set is set, and every fetch brings it again.
func offline(t testing.TB, set []byte, adjust ...func(*Options)) *Verifier {
	t.Helper()
	o := Options{Issuers: []Issuer{testIssuerConfig()}, Now: func() time.Time { return testNow }}
	for _, f := range adjust {
		f(&o)
	}
	v, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	v.order[0].serve(t, set)
	return v
}

// serve makes set the current key set and what every fetch brings.
func (s *keySource) serve(t testing.TB, data []byte) {
	t.Helper()
	set, err := parseKeySet(bytes.Clone(data))
	if err != nil {
		t.Fatal(err)
	}
	set.fetched = s.now()
	s.set.Store(set)
	s.fetch = func(context.Context) (*keySet, error) { return parseKeySet(bytes.Clone(data)) }
}

// wantReason checks that err has the reason, "" meaning no error at all.
func wantReason(t testing.TB, err error, want Reason) {
	t.Helper()
	if err == nil && want != "" {
		t.Errorf("accepted, want %s", want)
	}
	if err != nil && (ReasonOf(err) != want || want == "") {
		t.Errorf("got %v, want reason %q", err, want)
	}
}
