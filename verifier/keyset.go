package verifier

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/lestrrat-go/jwx/v3/jwk"
)

// Limits of a key set. Authentik publishes one signing key; a set beyond these
// is a mistake or an attack, and is refused whole.
const (
	maxKeySetBytes = 1 << 20
	maxKeys        = 100
	minRSABits     = 2048 // RFC 7518 section 3.3
	maxRSABits     = 8192 // CVE-2023-29409: a larger key is a way to burn CPU
	maxRSAExponent = 1<<31 - 1
)

// key is one public key that may verify signatures.
type key struct {
	kid        string
	algorithms []string // those its type and, where given, its alg allow
	public     crypto.PublicKey
	digest     [32]byte // of the key and its algorithms
}

func (k *key) allows(alg string) bool {
	for _, a := range k.algorithms {
		if a == alg {
			return true
		}
	}
	return false
}

// keySet is one good answer of an issuer. It never changes.
type keySet struct {
	byKid   map[string][]*key
	raw     []byte
	fetched time.Time // when the issuer gave it
	skipped []string  // why keys of it do not count
}

// size is how many keys count.
func (s *keySet) size() int {
	n := 0
	for _, keys := range s.byKid {
		n += len(keys)
	}
	return n
}

// holds reports whether the very key k is in the set under its kid.
func (s *keySet) holds(k *key) bool {
	for _, have := range s.byKid[k.kid] {
		if have.digest == k.digest {
			return true
		}
	}
	return false
}

// parseKeySet reads a JWK Set (RFC 7517 section 5). A key that is not for
// signatures, or not understood, is left out; a set without any key that counts
// is an error: Authentik answers {} when the signing key was removed, and that
// must not replace good keys.
func parseKeySet(data []byte) (*keySet, error) {
	if len(data) > maxKeySetBytes {
		return nil, fmt.Errorf("the key set is larger than %d bytes", maxKeySetBytes)
	}
	doc, err := strictjson.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("the key set is not strict JSON: %w", err)
	}
	keys := doc.Root().Get("keys")
	switch {
	case keys.Kind() == strictjson.Missing:
		return nil, errors.New(`the key set has no "keys"; choose a "Signing Key" on the Authentik provider`)
	case keys.Kind() != strictjson.Array:
		return nil, fmt.Errorf(`"keys" of the key set is %s, not a list`, keys.Kind())
	case keys.Len() > maxKeys:
		return nil, fmt.Errorf("the key set has %d keys, more than %d", keys.Len(), maxKeys)
	}
	set := &keySet{byKid: make(map[string][]*key), raw: data}
	n := 0
	for v := range keys.Elements() {
		k, err := parseKey(v)
		if err != nil {
			set.skipped = append(set.skipped, fmt.Sprintf("key %d: %v", n, err))
		} else if !set.holds(k) {
			set.byKid[k.kid] = append(set.byKid[k.kid], k)
		}
		n++
	}
	if len(set.byKid) == 0 {
		return nil, fmt.Errorf("the key set has no usable signing key %v", set.skipped)
	}
	return set, nil
}

func parseKey(v strictjson.Value) (*key, error) {
	if v.Kind() != strictjson.Object {
		return nil, fmt.Errorf("is %s, not an object", v.Kind())
	}
	if u := v.Get("use"); u.Kind() != strictjson.Missing && !u.Is("sig") {
		return nil, errors.New(`its use is not "sig"`) // an encryption key never verifies
	}
	if ops := v.Get("key_ops"); ops.Kind() != strictjson.Missing && !hasString(ops, "verify") {
		return nil, errors.New(`its key_ops do not hold "verify"`)
	}
	for _, private := range []string{"d", "k"} {
		if v.Get(private).Kind() != strictjson.Missing {
			return nil, errors.New("it publishes a secret, so anybody can sign with it")
		}
	}
	k := &key{kid: v.Get("kid").Text()}
	if len(k.kid) < 1 || len(k.kid) > maxKid {
		return nil, errors.New("its kid is not a string of 1 to 128 bytes")
	}
	members, err := k.readPublic(v)
	if err != nil {
		return nil, err
	}
	if alg := v.Get("alg"); alg.Kind() != strictjson.Missing {
		if !k.allows(alg.View()) {
			return nil, errors.New("its alg does not fit its type")
		}
		k.algorithms = []string{alg.Text()}
	}
	k.digest = sha256.Sum256(fmt.Appendf(members, "%q", k.algorithms))
	return k, nil
}

// jwkMembers are what makes a public key of each type. Only these reach jwx:
// a broken certificate in x5c is no reason to lose the key beside it.
var jwkMembers = map[string][]string{
	"RSA": {"kty", "n", "e"},
	"EC":  {"kty", "crv", "x", "y"},
	"OKP": {"kty", "crv", "x"},
}

// readPublic returns the members that make the key, in a fixed order.
func (k *key) readPublic(v strictjson.Value) ([]byte, error) {
	kty := v.Get("kty").Text()
	members, ok := jwkMembers[kty]
	if !ok {
		return nil, errors.New("its kty is none of RSA, EC, OKP")
	}
	plain := make(map[string]string, len(members))
	for _, m := range members {
		s := v.Get(m)
		if s.Kind() != strictjson.String {
			return nil, fmt.Errorf("%s is %s, not a string", m, s.Kind())
		}
		if plain[m] = s.Text(); m != "kty" && m != "crv" {
			if _, err := segment(plain[m]); err != nil {
				return nil, fmt.Errorf("%s is not canonical base64url", m)
			}
		}
	}
	text, _ := json.Marshal(plain) // sorted by name; a map of strings has no other way to fail
	var public any
	parsed, err := jwk.ParseKey(text)
	if err == nil {
		err = jwk.Export(parsed, &public)
	}
	if err != nil {
		return nil, fmt.Errorf("jwx: %w", err)
	}
	return text, k.setPublic(public)
}

// setPublic keeps a key that is fit to verify, and notes which algorithms its
// type is for (RFC 7518 section 3.1, RFC 8037 section 3.1).
func (k *key) setPublic(public any) error {
	switch p := public.(type) {
	case *rsa.PublicKey:
		if bits := p.N.BitLen(); bits < minRSABits || bits > maxRSABits || p.N.Bit(0) == 0 {
			return fmt.Errorf("an RSA modulus of %d bits is not odd or not within %d and %d bits", bits, minRSABits, maxRSABits)
		}
		if p.E < 3 || p.E > maxRSAExponent || p.E%2 == 0 {
			return errors.New("its RSA exponent is not an odd number within 3 and 2^31-1")
		}
		if factorable(p.N) {
			return errors.New("its RSA modulus can be factored (ROCA, CVE-2017-15361)")
		}
		k.algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	case *ecdsa.PublicKey:
		alg, ok := map[string]string{"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}[p.Curve.Params().Name]
		if _, err := p.ECDH(); err != nil || !ok {
			return errors.New("its point is not on a curve that is supported")
		}
		k.algorithms = []string{alg}
	case ed25519.PublicKey:
		k.algorithms = []string{"EdDSA"} // jwx has checked its length
	default:
		return errors.New("its type is not supported")
	}
	k.public = public
	return nil
}

func hasString(list strictjson.Value, s string) bool {
	for e := range list.Elements() {
		if e.Is(s) {
			return true
		}
	}
	return false
}
