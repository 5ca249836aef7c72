package verifier

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
)

// A row is one key of a set that also holds a good one: whether it counts, and
// why not.
func TestKeysThatCount(t *testing.T) {
	one := rsaKey(0, kidOne)
	ec, ed := ecKey("ES256", "ec"), edKey("ed")
	modulus := func(bits uint, add int64) string {
		n := new(big.Int).Lsh(big.NewInt(1), bits-1)
		return b64(n.Add(n, big.NewInt(add)).Bytes())
	}
	other := func(changes ...any) map[string]any { return one.jwk(append([]any{"kid", "other"}, changes...)...) }
	for _, c := range []struct {
		name string
		key  any
		want string // part of why it does not count, "" where it does
	}{
		{"an RSA key", other(), ""},
		{"no alg, no use", other("alg", drop, "use", drop), ""},
		{"for PS512", other("alg", "PS512"), ""},
		{"key_ops verify", other("key_ops", []string{"sign", "verify"}), ""},
		{"a broken certificate beside it", other("x5c", 7, "x5t", "?"), ""},
		{"an EC key", ec.jwk(), ""},
		{"an Ed25519 key", ed.jwk(), ""},
		{"no object", "key", "a string, not an object"},
		{"for encryption", other("use", "enc"), `use is not "sig"`},
		{"use a list", other("use", []string{"sig"}), `use is not "sig"`},
		{"key_ops without verify", other("key_ops", []string{"encrypt"}), `do not hold "verify"`},
		{"key_ops a string", other("key_ops", "verify"), `do not hold "verify"`},
		{"a private key", other("d", "AQAB"), "publishes a secret"},
		{"a shared secret", map[string]any{"kty": "oct", "kid": "o", "k": "AQAB"}, "publishes a secret"},
		{"no kid", other("kid", drop), "kid is not"},
		{"kid empty", other("kid", ""), "kid is not"},
		{"kid a number", other("kid", 1), "kid is not"},
		{"kid of 129 bytes", other("kid", strings.Repeat("k", 129)), "kid is not"},
		{"no kty", other("kty", drop), "kty is none of"},
		{"kty in lower case", other("kty", "rsa"), "kty is none of"},
		{"no modulus", other("n", drop), "n is nothing"},
		{"a modulus in hex", other("n", 17), "n is a number"},
		{"a padded modulus", other("n", one.jwk()["n"].(string)+"=="), "n is not canonical"},
		{"a modulus of 1024 bits", other("n", modulus(1024, 1)), "1024 bits"},
		{"a modulus of 16384 bits", other("n", modulus(16384, 1)), "16384 bits"},
		{"an even modulus", other("n", modulus(2048, 0)), "not odd"},
		{"exponent 1", other("e", "AQ"), "exponent"},
		{"an even exponent", other("e", "AQAA"), "exponent"},
		{"an exponent of 40 bits", other("e", "AQAAAAE"), "exponent"},
		{"alg of another type", other("alg", "ES256"), "alg does not fit"},
		{"alg for encryption", other("alg", "RSA-OAEP-256"), "alg does not fit"},
		{"alg a number", other("alg", 256), "alg does not fit"},
		{"alg none", other("alg", "none"), "alg does not fit"},
		{"a point off the curve", ec.jwk("y", ec.jwk()["x"]), "point"},
		{"a point of another curve", ec.jwk("crv", "P-384"), "jwx"},
		{"a curve without signatures here", ec.jwk("crv", "secp256k1"), "secp256k1"},
		{"X25519", ed.jwk("crv", "X25519", "alg", drop), "type is not supported"},
		{"Ed448", ed.jwk("crv", "Ed448", "x", b64(make([]byte, 57))), "jwx"},
		{"an Ed25519 key too short", ed.jwk("x", "AQAB"), "jwx"},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := toJSON(map[string]any{"keys": []any{one.jwk(), c.key}})
			set, err := parseKeySet(data)
			if err != nil {
				t.Fatal(err)
			}
			skipped := fmt.Sprint(set.skipped)
			if counts := set.size() == 2; counts != (c.want == "") || !strings.Contains(skipped, c.want) {
				t.Errorf("%d keys count, skipped %s, want %q", set.size(), skipped, c.want)
			}
		})
	}
}

// jwx refuses most of what is no key for signatures. This holds without it.
func TestPublicKeysThatCount(t *testing.T) {
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, public := range []any{p224.Public(), []byte("secret"), nil} {
		k := new(key)
		if err := k.setPublic(public); err == nil || k.public != nil || k.algorithms != nil {
			t.Errorf("%T counts as a key for %v", public, k.algorithms)
		}
	}
}

func TestKeySetLimits(t *testing.T) {
	one := rsaKey(0, kidOne)
	many := make([]map[string]any, maxKeys+1)
	for n := range many {
		many[n] = one.jwk("kid", fmt.Sprint(n))
	}
	if set, err := parseKeySet(jwks(many[:maxKeys]...)); err != nil || set.size() != maxKeys {
		t.Errorf("100 keys: %v", err)
	}
	if _, err := parseKeySet(jwks(many...)); err == nil {
		t.Error("101 keys are too many")
	}
	full := append(jwksOf(one), make([]byte, maxKeySetBytes)...)
	for n := len(jwksOf(one)); n < len(full); n++ {
		full[n] = ' '
	}
	if _, err := parseKeySet(full[:maxKeySetBytes]); err != nil {
		t.Errorf("1 MiB: %v", err)
	}
	if _, err := parseKeySet(full[:maxKeySetBytes+1]); err == nil {
		t.Error("a byte more than 1 MiB is too much")
	}
	if set, err := parseKeySet(jwks(one.jwk(), one.jwk(), one.jwk("x5t", "AAAA"))); err != nil || set.size() != 1 {
		t.Errorf("the same key three times is one: %v, %v", set, err)
	}
}

// The algorithm that a key names, else its type, decides what it verifies.
func TestAlgorithmIsTheKeys(t *testing.T) {
	one := rsaKey(0, kidOne)
	every := func(o *Options) { o.Issuers[0].Algorithms = Algorithms() }
	for _, c := range []struct {
		name string
		key  map[string]any
		alg  string
		want Reason
	}{
		{"RS256 by an RS256 key", one.jwk(), "RS256", ""},
		{"PS256 by an RS256 key", one.jwk(), "PS256", Algorithm},
		{"RS512 by an RS256 key", one.jwk(), "RS512", Algorithm},
		{"RS384 by an RSA key", one.jwk("alg", drop), "RS384", ""},
		{"RS512 by an RSA key", one.jwk("alg", drop), "RS512", ""},
		{"PS256 by an RSA key", one.jwk("alg", drop), "PS256", ""},
		{"PS384 by an RSA key", one.jwk("alg", drop), "PS384", ""},
		{"PS512 by an RSA key", one.jwk("alg", drop), "PS512", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := offline(t, jwks(c.key), every)
			signer := &testKey{kidOne, c.alg, one.private}
			_, err := v.Verify(t.Context(), signer.token(idClaims(testNow)), Presented{})
			wantReason(t, err, c.want)
		})
	}
}

// Two keys of one type under one kid: either verifies.
func TestTwoKeysUnderOneKid(t *testing.T) {
	one, two := rsaKey(0, kidOne), rsaKey(1, kidOne)
	v := offline(t, jwksOf(one, two))
	for _, k := range []*testKey{one, two} {
		_, err := v.Verify(t.Context(), k.token(idClaims(testNow)), Presented{})
		wantReason(t, err, "")
	}
	_, err := v.Verify(t.Context(), rsaKey(2, kidOne).token(idClaims(testNow)), Presented{})
	wantReason(t, err, Signature)
}

// The age of a key set grows by whichever clock shows more of it. That a wall
// clock is set back can't be shown here: time.Time has no way to make one.
func TestAge(t *testing.T) {
	then := time.Now()
	if got := age(then, then.Add(time.Hour)); got != time.Hour {
		t.Errorf("age %s, want an hour", got)
	}
	wall := then.Round(0)
	if got := age(wall, wall.Add(time.Hour)); got != time.Hour {
		t.Errorf("age by the wall clock %s, want an hour", got)
	}
	if got := age(then, then.Add(-time.Hour)); got != -time.Hour {
		t.Errorf("age %s, want minus an hour", got)
	}
}
