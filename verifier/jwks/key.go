package jwks

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/verifier/internal/base64url"
	"github.com/lestrrat-go/jwx/v3/jwk"
)

// MaxKid is the longest kid, in bytes: the size of Authentik's column since 2026.2.
const MaxKid = 128

const (
	minRSABits     = 2048 // RFC 7518 section 3.3
	maxRSABits     = 8192 // CVE-2023-29409: a larger key is a way to burn CPU
	maxRSAExponent = 1<<31 - 1
)

// Key is one public key that may verify signatures. It never changes.
type Key struct {
	kid        string
	algorithms []string // that its type and, if present, its alg allow
	public     crypto.PublicKey
	digest     [32]byte // of the key and its algorithms
}

// Kid returns the key's ID.
func (k *Key) Kid() string { return k.kid }

// Public returns an *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey.
func (k *Key) Public() crypto.PublicKey { return k.public }

// Allows reports whether the key may verify signatures of a JWS algorithm.
func (k *Key) Allows(alg string) bool {
	for _, a := range k.algorithms {
		if a == alg {
			return true
		}
	}
	return false
}

func parseKey(v strictjson.Value) (*Key, error) {
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
	k := &Key{kid: v.Get("kid").Text()}
	if len(k.kid) < 1 || len(k.kid) > MaxKid {
		return nil, errors.New("its kid is not a string of 1 to 128 bytes")
	}
	members, err := k.readPublic(v)
	if err != nil {
		return nil, err
	}
	if alg := v.Get("alg"); alg.Kind() != strictjson.Missing {
		if !k.Allows(alg.View()) {
			return nil, errors.New("its alg does not fit its type")
		}
		k.algorithms = []string{alg.Text()}
	}
	k.digest = sha256.Sum256(fmt.Appendf(members, "%q", k.algorithms))
	return k, nil
}

// jwkMembers are the members of a public key of each type. Only these members reach jwx,
// so a broken certificate in x5c does not make the key unusable.
var jwkMembers = map[string][]string{
	"RSA": {"kty", "n", "e"},
	"EC":  {"kty", "crv", "x", "y"},
	"OKP": {"kty", "crv", "x"},
}

// coordinateSizes are the sizes in bytes of x and y on each curve (RFC 7518 section 6.2.1.2). Some issuers
// cut leading zeros off. Such a key is refused, because a key must have only one text.
var coordinateSizes = map[string]int{"P-256": 32, "P-384": 48, "P-521": 66}

// checkCoordinates returns an error if x or y does not have the size of the curve.
func checkCoordinates(curve string, decoded map[string][]byte) error {
	want, known := coordinateSizes[curve]
	for _, m := range []string{"x", "y"} {
		if got := len(decoded[m]); known && got != want {
			return fmt.Errorf("%s has %d bytes, on %s it must have %d (RFC 7518 section 6.2.1.2): the issuer must not cut leading zeros off", m, got, curve, want)
		}
	}
	return nil
}

// readPublic reads the public key and returns its members in a fixed order.
func (k *Key) readPublic(v strictjson.Value) ([]byte, error) {
	kty := v.Get("kty").Text()
	members, ok := jwkMembers[kty]
	if !ok {
		return nil, errors.New("its kty is none of RSA, EC, OKP")
	}
	plain := make(map[string]string, len(members))
	decoded := make(map[string][]byte, len(members))
	for _, m := range members {
		s := v.Get(m)
		if s.Kind() != strictjson.String {
			return nil, fmt.Errorf("%s is %s, not a string", m, s.Kind())
		}
		if plain[m] = s.Text(); m != "kty" && m != "crv" {
			var err error
			if decoded[m], err = base64url.Decode(plain[m]); err != nil {
				return nil, fmt.Errorf("%s is not canonical base64url", m)
			}
		}
	}
	if kty == "EC" {
		if err := checkCoordinates(plain["crv"], decoded); err != nil {
			return nil, err
		}
	}
	text, _ := json.Marshal(plain) // sorted by name; a map of strings always marshals
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

// setPublic sets the public key and the algorithms of its type (RFC 7518 section 3.1, RFC
// 8037 section 3.1). It returns an error if the key must not verify signatures.
func (k *Key) setPublic(public any) error {
	switch p := public.(type) {
	case *rsa.PublicKey:
		if bits := p.N.BitLen(); bits < minRSABits || bits > maxRSABits || p.N.Bit(0) == 0 {
			return fmt.Errorf("its RSA modulus of %d bits is not odd, or not %d to %d bits long", bits, minRSABits, maxRSABits)
		}
		if p.E < 3 || p.E > maxRSAExponent || p.E%2 == 0 {
			return errors.New("its RSA exponent is not an odd number from 3 to 2^31-1")
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
