package jwks

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
	"github.com/lestrrat-go/jwx/v3/jwk"
)

// verifierAlgorithms are those of verifier.Algorithms. This package cannot import package verifier.
var verifierAlgorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

// source returns a Source whose Run is not called.
func source(t *testing.T, c Config) *Source {
	t.Helper()
	s, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNoFetchStartsAfterClose(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, err := New(ctx, Config{Fetch: func(context.Context) ([]byte, error) {
		t.Error("a fetch started after Close")
		return nil, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	s.Close()
	if s.startDemand("kid") != nil || s.refresh() == nil {
		t.Error("a closed source starts a fetch")
	}
}

func TestAtMostSoManyRequestsWaitForAFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := source(t, Config{RefetchCooldown: time.Second, Fetch: func(context.Context) ([]byte, error) {
			time.Sleep(2 * time.Second)
			return nil, errors.New("down")
		}})
		var waiting sync.WaitGroup
		for range maxDemandWaiters {
			waiting.Go(func() { s.Demand(t.Context(), "kid") })
		}
		synctest.Wait()
		began := time.Now()
		s.Demand(t.Context(), "kid")
		if took := time.Since(began); took != 0 {
			t.Errorf("one request too many waited %s", took)
		}
		waiting.Wait()
		if took := time.Since(began); took != 2*time.Second || s.waiting.Load() != 0 {
			t.Errorf("the others waited %s, %d still wait", took, s.waiting.Load())
		}
		s.Close()
	})
}

// Each row is one key of a set that also holds a good key. want is why the key is not
// usable.
func TestKeysThatCount(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	ec, ed := idp.ECKey("ES256", "ec"), idp.EdKey("ed")
	modulus := func(bits uint, add int64) string {
		n := new(big.Int).Lsh(big.NewInt(1), bits-1)
		return idp.B64(n.Add(n, big.NewInt(add)).Bytes())
	}
	other := func(changes ...any) map[string]any { return one.JWK(append([]any{"kid", "other"}, changes...)...) }
	for _, c := range []struct {
		name string
		key  any
		want string // part of the reason; "" if the key is usable
	}{
		{"an RSA key", other(), ""},
		{"no alg, no use", other("alg", idp.Drop, "use", idp.Drop), ""},
		{"for PS512", other("alg", "PS512"), ""},
		{"key_ops verify", other("key_ops", []string{"sign", "verify"}), ""},
		{"a broken certificate beside it", other("x5c", 7, "x5t", "?"), ""},
		{"an EC key", ec.JWK(), ""},
		{"an Ed25519 key", ed.JWK(), ""},
		{"no object", "key", "a string, not an object"},
		{"for encryption", other("use", "enc"), `use is not "sig"`},
		{"use a list", other("use", []string{"sig"}), `use is not "sig"`},
		{"key_ops without verify", other("key_ops", []string{"encrypt"}), `do not hold "verify"`},
		{"key_ops a string", other("key_ops", "verify"), `do not hold "verify"`},
		{"a private key", other("d", "AQAB"), "publishes a secret"},
		{"a shared secret", map[string]any{"kty": "oct", "kid": "o", "k": "AQAB"}, "publishes a secret"},
		{"no kid", other("kid", idp.Drop), "kid is not"},
		{"kid empty", other("kid", ""), "kid is not"},
		{"kid a number", other("kid", 1), "kid is not"},
		{"kid of 128 bytes", other("kid", strings.Repeat("k", 128)), ""},
		{"kid of 128 bytes, for encryption", other("kid", strings.Repeat("k", 128), "use", "enc"), `key "k`},
		{"kid of 129 bytes, for encryption", other("kid", strings.Repeat("k", 129), "use", "enc"), "key 1: "},
		{"kid of 129 bytes", other("kid", strings.Repeat("k", 129)), "kid is not"},
		{"no kty", other("kty", idp.Drop), "kty is none of"},
		{"kty in lower case", other("kty", "rsa"), "kty is none of"},
		{"no modulus", other("n", idp.Drop), "n is nothing"},
		{"a modulus in hex", other("n", 17), "n is a number"},
		{"a padded modulus", other("n", one.JWK()["n"].(string)+"=="), "n is not canonical"},
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
		{"a point off the curve", ec.JWK("y", ec.JWK()["x"]), "point"},
		{"a point of another curve", ec.JWK("crv", "P-384"), "x has 32 bytes, on P-384 it must have 48"},
		{"y without its leading zero", ec.JWK("y", idp.B64(make([]byte, 31))), `key "ec": y has 31 bytes, on P-256 it must have 32`},
		{"a curve without signatures here", ec.JWK("crv", "secp256k1"), "secp256k1"},
		{"X25519", ed.JWK("crv", "X25519", "alg", idp.Drop), "type is not supported"},
		{"Ed448", ed.JWK("crv", "Ed448", "x", idp.B64(make([]byte, 57))), "jwx"},
		{"an Ed25519 key too short", ed.JWK("x", "AQAB"), "jwx"},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := idp.JSON(map[string]any{"keys": []any{one.JWK(), c.key}})
			set, err := parseSet(data)
			if err != nil {
				t.Fatal(err)
			}
			skipped := fmt.Sprint(set.skipped)
			if counts := set.Size() == 2; counts != (c.want == "") || !strings.Contains(skipped, c.want) {
				t.Errorf("%d keys count, skipped %s, want %q", set.Size(), skipped, c.want)
			}
		})
	}
}

// jwx refuses most keys that are not for signatures. setPublic refuses them without jwx.
func TestPublicKeysThatCount(t *testing.T) {
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, public := range []any{p224.Public(), []byte("secret"), nil} {
		k := new(Key)
		if err := k.setPublic(public); err == nil || k.public != nil || k.algorithms != nil {
			t.Errorf("%T counts as a key for %v", public, k.algorithms)
		}
	}
}

func TestKeySetLimits(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	many := make([]map[string]any, maxKeys+1)
	for n := range many {
		many[n] = one.JWK("kid", fmt.Sprint(n))
	}
	if set, err := parseSet(idp.JWKS(many[:maxKeys]...)); err != nil || set.Size() != maxKeys {
		t.Errorf("100 keys: %v", err)
	}
	if _, err := parseSet(idp.JWKS(many...)); err == nil {
		t.Error("101 keys are too many")
	}
	full := append(idp.JWKSOf(one), make([]byte, MaxAnswer)...)
	for n := len(idp.JWKSOf(one)); n < len(full); n++ {
		full[n] = ' '
	}
	if _, err := parseSet(full[:MaxAnswer]); err != nil {
		t.Errorf("1 MiB: %v", err)
	}
	if _, err := parseSet(full[:MaxAnswer+1]); err == nil {
		t.Error("a byte more than 1 MiB is too much")
	}
	if set, err := parseSet(idp.JWKS(one.JWK(), one.JWK(), one.JWK("x5t", "AAAA"))); err != nil || set.Size() != 1 {
		t.Errorf("the same key three times is one: %v, %v", set, err)
	}
}

// For any key set, each usable key is a key that jwx reads under the same kid, and its
// algorithms are among those that the verifier accepts.
func FuzzKeySet(f *testing.F) {
	one := idp.RSAKey(0, idp.KidOne)
	f.Add(idp.JWKSOf(one, idp.ECKey("ES256", "a"), idp.ECKey("ES384", "b"), idp.ECKey("ES512", "c"), idp.EdKey("d")))
	f.Add(idp.JWKS(one.JWK("use", "enc"), one.JWK("d", "AQAB"), one.JWK("alg", "ES256"), idp.EdKey("x").JWK("crv", "X25519")))
	f.Add([]byte(`{"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := parseSet(data)
		if (set == nil) == (err == nil) {
			t.Fatalf("set and error, or neither: %v", err)
		}
		if err != nil {
			return
		}
		var read struct{ Keys []json.RawMessage }
		if err := json.Unmarshal(data, &read); err != nil {
			t.Fatalf("encoding/json can't read it: %v", err)
		}
		if n := set.Size(); n < 1 || n > len(read.Keys) || n > maxKeys {
			t.Errorf("%d keys of %d", n, len(read.Keys))
		}
		theirs := make(map[string][]crypto.PublicKey)
		for _, raw := range read.Keys {
			var plain map[string]any
			_ = json.Unmarshal(raw, &plain)
			for _, extra := range []string{"x5c", "x5t", "x5t#S256", "x5u", "alg", "use", "key_ops"} {
				delete(plain, extra)
			}
			var public any
			if k, err := jwk.ParseKey(idp.JSON(plain)); err == nil && jwk.Export(k, &public) == nil {
				kid, _ := k.KeyID()
				theirs[kid] = append(theirs[kid], public)
			}
		}
		for kid, keys := range set.byKid {
			for _, k := range keys {
				same := func(p crypto.PublicKey) bool {
					return p.(interface{ Equal(crypto.PublicKey) bool }).Equal(k.public)
				}
				if !slices.ContainsFunc(theirs[kid], same) {
					t.Errorf("jwx does not read the key of kid %q", kid)
				}
				if k.kid != kid || len(k.algorithms) == 0 || slices.ContainsFunc(k.algorithms, func(a string) bool { return !slices.Contains(verifierAlgorithms, a) }) {
					t.Errorf("kid %q under %q, for %v", k.kid, kid, k.algorithms)
				}
			}
		}
	})
}

// Good keys must not be mistaken for keys that can be factored. TestAFactorableModulusDoesNotCount has a bad key.
func TestKeysOfCryptoRSAAreNotFactorable(t *testing.T) {
	for n := range 3 {
		if factorable(idp.RSAPrivate(n).N) {
			t.Errorf("a key of crypto/rsa is taken for one that can be factored: modulus %d", n)
		}
	}
}

// An RSA exponent is an odd number from 3 to 2^31-1.
func TestTheBoundsOfAnRSAExponent(t *testing.T) {
	n := idp.RSAPrivate(0).N
	for e, ok := range map[int]bool{1: false, 2: false, 3: true, 4: false, 65536: false, 65537: true, 1<<31 - 1: true, 1<<31 + 1: false} {
		if err := new(Key).setPublic(&rsa.PublicKey{N: n, E: e}); (err == nil) != ok {
			t.Errorf("exponent %d: %v", e, err)
		}
	}
}

// An RSA key may have from 2048 to 8192 bits, both included.
func TestTheBoundsOfAnRSAModulus(t *testing.T) {
	for bits, ok := range map[uint]bool{2047: false, 2048: true, 8192: true, 8193: false} {
		n := new(big.Int).Lsh(big.NewInt(1), bits-1)
		n.Add(n, big.NewInt(12345))
		if err := new(Key).setPublic(&rsa.PublicKey{N: n, E: 65537}); (err == nil) != ok {
			t.Errorf("%d bits: %v", bits, err)
		}
	}
}

// The map of missing kids is bounded. Below its bound each kid keeps its own wait.
func TestMissingKidsAreBounded(t *testing.T) {
	s := source(t, Config{RefetchCooldown: time.Second, Refresh: time.Minute})
	for n := range 10 * maxMissingKids {
		s.noteMissing(fmt.Sprint(n))
		if len(s.missing) > maxMissingKids || n < maxMissingKids && len(s.missing) != n+1 {
			t.Fatalf("%d of %d kids are remembered", len(s.missing), n+1)
		}
	}
}

// The default Dial connects over TCP.
func TestFetchOverASocket(t *testing.T) {
	f := source(t, Config{}).client
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept") != "application/json" || r.Method != http.MethodGet {
			t.Errorf("asked by %s with %v", r.Method, r.Header)
		}
		answer := []byte("hello")
		if size, err := strconv.Atoi(r.URL.Path[1:]); err == nil {
			answer = make([]byte, size)
		}
		_, _ = w.Write(answer)
	}))
	defer server.Close()
	if body, err := f.get(t.Context(), fmt.Sprintf("%s/%d", server.URL, MaxAnswer)); err != nil || len(body) != MaxAnswer {
		t.Errorf("of the longest answer %d bytes were read, error %v", len(body), err)
	}
	if _, err := f.get(t.Context(), fmt.Sprintf("%s/%d", server.URL, MaxAnswer+1)); err == nil {
		t.Error("an answer that is a byte longer was read")
	}
	body, err := f.get(t.Context(), server.URL)
	if err != nil || string(body) != "hello" {
		t.Errorf("%q, error %v", body, err)
	}
	if _, err := f.get(t.Context(), "://"); err == nil {
		t.Error("an invalid address was fetched")
	}
}

// A snapshot that cannot be written causes a notice, and nothing else.
func TestSnapshotThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "taken", "by a directory"), 0o700); err != nil {
		t.Fatal(err)
	}
	set, err := parseSet(idp.JWKSOf(idp.RSAKey(0, idp.KidOne)))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "missing", "jwks.json"), filepath.Join(dir, "taken")} {
		var got []Notice
		s := source(t, Config{SnapshotFile: path, Notify: func(n Notice) { got = append(got, n) }})
		got = nil
		s.set.Store(set)
		s.saveSnapshot(set)
		if len(got) != 1 || got[0].Kind != SnapshotFailed || got[0].Err == nil {
			t.Errorf("%s: notices %v", path, got)
		}
	}
	if left, _ := filepath.Glob(dir + "/.*"); left != nil {
		t.Errorf("left behind: %s", left)
	}
	if err := writeSnapshot(&Config{SnapshotFile: filepath.Join(dir, "f")}, &Set{raw: []byte("{")}); err == nil {
		t.Error("a set that is no JSON was written")
	}
}

// An older key set never overwrites the snapshot of a newer one.
func TestOlderSnapshotNeverWins(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jwks.json")
	older, newer := new(Set), new(Set)
	s := source(t, Config{SnapshotFile: path})
	s.set.Store(newer)
	s.saveSnapshot(older)
	if _, err := os.Stat(path); err == nil {
		t.Error("the older set was written")
	}
}

// A power of 65537 has the shape of a ROCA modulus: it is a power of 65537 modulo every
// prime.
func TestAFactorableModulusDoesNotCount(t *testing.T) {
	n := new(big.Int).Exp(big.NewInt(65537), big.NewInt(128), nil)
	_, err := parseSet(idp.JWKS(idp.RSAKey(0, "roca").JWK("n", idp.B64(n.Bytes()))))
	if err == nil || !strings.Contains(err.Error(), "ROCA") {
		t.Errorf("error %v", err)
	}
}

func TestACAFileMustHoldCertificates(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{file, file + ".missing"} {
		if _, err := New(t.Context(), Config{Name: "a", CAFile: file}); err == nil || !strings.Contains(err.Error(), `issuer "a": ca_file`) {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestFetchReplacesHTTP(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	answer, fault := idp.JWKSOf(one), error(nil)
	s := source(t, Config{MaxStale: time.Hour, Fetch: func(context.Context) ([]byte, error) { return answer, fault }})
	defer s.Close()
	set, keys := s.Find(t.Context(), idp.KidOne)
	if len(keys) != 1 || keys[0].Kid() != idp.KidOne || s.At(set.Fetched().Add(time.Hour)) != set || s.At(set.Fetched().Add(time.Hour+1)) != nil {
		t.Errorf("set %v, keys %v", set, keys)
	}
	fault = errors.New("down")
	s.Demand(t.Context(), "other")
	if s.Newest() != set || s.State().Error != "down" {
		t.Errorf("after a failed fetch: %+v", s.State())
	}
}

// The caller's context ends its wait, not the fetch.
func TestDemandEndsWithTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := source(t, Config{Fetch: func(context.Context) ([]byte, error) {
			time.Sleep(time.Second)
			return nil, errors.New("down")
		}})
		defer s.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		s.Demand(ctx, "kid")
		if took := time.Since(began); took != 100*time.Millisecond {
			t.Errorf("the wait ended after %s", took)
		}
	})
}

// Another user of the issuer's transport, such as introspection, must not change it.
func TestTransportReturnsACopy(t *testing.T) {
	c := source(t, Config{}).Client()
	one, two := c.Transport(), c.Transport()
	if one == two || one == c.transport || one.TLSClientConfig.MinVersion != tls.VersionTLS12 {
		t.Error("the transport is shared, or accepts old TLS")
	}
}
