package verifier

import (
	"testing"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
)

// The alg of a key decides which algorithms it verifies. Without alg, the type of the key decides.
func TestAlgorithmIsTheKeys(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	every := func(o *Options) { o.Issuers[0].Algorithms = Algorithms() }
	for _, c := range []struct {
		name string
		key  map[string]any
		alg  string
		want Reason
	}{
		{"RS256 by an RS256 key", one.JWK(), "RS256", ""},
		{"PS256 by an RS256 key", one.JWK(), "PS256", Algorithm},
		{"RS512 by an RS256 key", one.JWK(), "RS512", Algorithm},
		{"RS384 by an RSA key", one.JWK("alg", idp.Drop), "RS384", ""},
		{"RS512 by an RSA key", one.JWK("alg", idp.Drop), "RS512", ""},
		{"PS256 by an RSA key", one.JWK("alg", idp.Drop), "PS256", ""},
		{"PS384 by an RSA key", one.JWK("alg", idp.Drop), "PS384", ""},
		{"PS512 by an RSA key", one.JWK("alg", idp.Drop), "PS512", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := offline(t, idp.JWKS(c.key), every)
			signer := &idp.Key{Kid: idp.KidOne, Alg: c.alg, Private: one.Private}
			_, err := v.Verify(t.Context(), signer.Token(idp.IDClaims(idp.Now)), Presented{})
			wantReason(t, err, c.want)
		})
	}
}

// If two keys of one type have the same kid, both verify tokens.
func TestTwoKeysUnderOneKid(t *testing.T) {
	one, two := idp.RSAKey(0, idp.KidOne), idp.RSAKey(1, idp.KidOne)
	v := offline(t, idp.JWKSOf(one, two))
	for _, k := range []*idp.Key{one, two} {
		_, err := v.Verify(t.Context(), k.Token(idp.IDClaims(idp.Now)), Presented{})
		wantReason(t, err, "")
	}
	_, err := v.Verify(t.Context(), idp.RSAKey(2, idp.KidOne).Token(idp.IDClaims(idp.Now)), Presented{})
	wantReason(t, err, Signature)
}
