package idp

import (
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
	"time"
)

// The issuer URL and the client ID of most tests.
const (
	URL      = "https://auth.example/application/o/minio/"
	ClientID = "minio-client"
)

// Now is the current time in tests outside a bubble of testing/synctest.
var Now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// Key signs tokens. JWK returns its public key.
type Key struct {
	Kid, Alg string
	Private  crypto.Signer
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

// Key IDs. Up to 2025.12 Authentik's kid is the MD5 of a PEM, 32 hex digits.
const (
	KidOne = "0123456789abcdef0123456789abcdef"
	KidTwo = "fedcba9876543210fedcba9876543210"
)

// RSAPrivate returns the nth of three RSA keys of 2048 bits.
func RSAPrivate(n int) *rsa.PrivateKey { return rsaPrivate[n]() }

// RSAKey returns the nth of three RS256 keys.
func RSAKey(n int, kid string) *Key { return &Key{kid, "RS256", rsaPrivate[n]()} }

// RSA4096Key returns an RS256 key of 4096 bits.
func RSA4096Key(kid string) *Key { return &Key{kid, "RS256", rsa4096()} }

// ECKey returns the key for ES256, ES384 or ES512.
func ECKey(alg, kid string) *Key { return &Key{kid, alg, ecPrivate[alg]()} }

// EdKey returns the key for EdDSA.
func EdKey(kid string) *Key { return &Key{kid, "EdDSA", edPrivate()} }

var testHashes = map[string]crypto.Hash{
	"RS256": crypto.SHA256, "RS384": crypto.SHA384, "RS512": crypto.SHA512,
	"PS256": crypto.SHA256, "PS384": crypto.SHA384, "PS512": crypto.SHA512,
	"ES256": crypto.SHA256, "ES384": crypto.SHA384, "ES512": crypto.SHA512,
}

// B64 encodes data as base64url without padding.
func B64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// JSON encodes v as JSON.
func JSON(v any) []byte {
	text, err := json.Marshal(v)
	must(err)
	return text
}

// Signature signs text with the algorithm k.Alg.
func (k *Key) Signature(text string) []byte {
	hash := testHashes[k.Alg]
	digest := []byte(text)
	if hash != 0 {
		h := hash.New()
		h.Write(digest)
		digest = h.Sum(nil)
	}
	var opts crypto.SignerOpts = hash
	if k.Alg[0] == 'P' {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
	}
	if private, ok := k.Private.(*ecdsa.PrivateKey); ok {
		r, s, err := ecdsa.Sign(rand.Reader, private, digest)
		must(err)
		size := (private.Curve.Params().BitSize + 7) / 8
		return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
	}
	sig, err := k.Private.Sign(rand.Reader, digest, opts)
	must(err)
	return sig
}

// Compact returns a compact JWS of header and payload, which may be malformed.
func (k *Key) Compact(header, payload []byte) string {
	text := B64(header) + "." + B64(payload)
	return text + "." + B64(k.Signature(text))
}

// Token signs claims under the header that Authentik writes. header holds changes of the header, as
// With does.
func (k *Key) Token(c Claims, header ...any) string {
	h := map[string]any{"alg": k.Alg, "typ": "JWT", "kid": k.Kid}
	change(h, header)
	return k.Compact(JSON(h), JSON(c))
}

// HMACToken signs claims with a shared secret. A provider without a signing key does so, and
// so does an attacker who uses a public key as the secret.
func HMACToken(secret []byte, c Claims, header map[string]any) string {
	text := B64(JSON(header)) + "." + B64(JSON(c))
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return text + "." + B64(mac.Sum(nil))
}

// JWK returns the public key as Authentik publishes it, with changes as With has them.
func (k *Key) JWK(changes ...any) map[string]any {
	m := map[string]any{"kid": k.Kid, "use": "sig", "alg": k.Alg}
	switch p := k.Private.Public().(type) {
	case *rsa.PublicKey:
		m["kty"], m["n"], m["e"] = "RSA", B64(p.N.Bytes()), B64(big.NewInt(int64(p.E)).Bytes())
	case *ecdsa.PublicKey:
		point, err := p.Bytes()
		must(err)
		size := (len(point) - 1) / 2
		m["kty"], m["crv"], m["x"], m["y"] = "EC", p.Curve.Params().Name, B64(point[1:1+size]), B64(point[1+size:])
	case ed25519.PublicKey:
		m["kty"], m["crv"], m["x"] = "OKP", "Ed25519", B64(p)
	}
	change(m, changes)
	return m
}

// JWKS returns a key set of JWKs.
func JWKS(keys ...map[string]any) []byte { return JSON(map[string]any{"keys": keys}) }

// JWKSOf returns a key set of the public keys of keys.
func JWKSOf(keys ...*Key) []byte {
	list := make([]map[string]any, len(keys))
	for n, k := range keys {
		list[n] = k.JWK()
	}
	return JWKS(list...)
}

// Claims is the payload of a token.
type Claims map[string]any

// IDClaims returns the claims of an ID token of Authentik since 2025.10, issued at now by
// the code flow.
func IDClaims(now time.Time) Claims {
	return Claims{
		"iss": URL, "sub": "5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e", "aud": ClientID,
		"exp": now.Unix() + 3600, "iat": now.Unix(), "auth_time": now.Unix(), "acr": "goauthentik.io/providers/oauth2/default",
		"amr": []string{"pwd"}, "nonce": "n-0S6_WzA2Mj", "sid": fmt.Sprintf("%064x", 1), "email": "alice@example.com", "email_verified": false,
		"name": "Alice", "preferred_username": "alice", "groups": []string{"minio users"}, "policy": "readwrite",
	}
}

// With returns a copy of c with changes. changes alternates names and values. The value Drop
// removes a claim.
func (c Claims) With(changes ...any) Claims {
	c = maps.Clone(c)
	change(c, changes)
	return c
}

type dropped struct{}

// Drop is the value that removes a claim or a member.
var Drop dropped

func change(m map[string]any, changes []any) {
	for n := 0; n < len(changes); n += 2 {
		if changes[n+1] == any(Drop) {
			delete(m, changes[n].(string))
		} else {
			m[changes[n].(string)] = changes[n+1]
		}
	}
}

// TokensOfUnknownKeys returns n tokens of the right form, each with another kid that no key
// has. Their signatures are not valid.
func TokensOfUnknownKeys(n int) []string {
	tokens := make([]string, n)
	payload := JSON(IDClaims(time.Now()))
	for i := range tokens {
		header := fmt.Appendf(nil, `{"alg":"RS256","typ":"JWT","kid":"%032x"}`, i)
		tokens[i] = B64(header) + "." + B64(payload) + "." + B64(make([]byte, 256))
	}
	return tokens
}

// LogoutClaims returns the claims of a logout token of Authentik, issued at now.
func LogoutClaims(now time.Time) Claims {
	return Claims{
		"iss": URL, "sub": "alice", "sid": "s1", "aud": ClientID, "iat": now.Unix(), "exp": now.Unix() + 120, "jti": "j1",
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}
}
