package verifier

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
	"github.com/claimgate/claimgate/verifier/internal/pool"
	"github.com/claimgate/claimgate/verifier/internal/purpose"
)

// Authenticate checks who signed a token. The caller judges the claims.
func TestAuthenticateJudgesSignatureAndIssuerOnly(t *testing.T) {
	one, forger := idp.RSAKey(0, idp.KidOne), idp.RSAKey(1, idp.KidOne)
	v := offline(t, idp.JWKSOf(one))
	p := &purpose.Purpose{Types: []string{"x+jwt"}, Claims: []string{"jti"}, Checks: pool.New(1, 8, time.Second)}
	token := func(k *idp.Key, c idp.Claims) string { return k.Token(c, "typ", "x+jwt") }
	claims := idp.IDClaims(idp.Now).With("events", idp.Claims{}, "iat", 7, "exp", 1.5)

	a, err := v.Authenticate(t.Context(), token(one, claims), p)
	wantReason(t, err, "")
	if a.Issuer().Name != "authentik" || !a.Claims().Get("iss").Is(idp.URL) {
		t.Errorf("the token is of %q", a.Issuer().Name)
	}
	wantReason(t, a.CheckAudience(), "")
	if iat, present, err := a.NumericDate("iat"); iat != 7 || !present || err != nil {
		t.Errorf("iat %d, present %v, %v", iat, present, err)
	}
	if _, present, err := a.NumericDate("nbf"); present || err != nil {
		t.Errorf("nbf present %v, %v", present, err)
	}
	_, _, err = a.NumericDate("exp")
	wantReason(t, err, BadClaims)
	wantReason(t, a.CheckLifetime(0, 86400), "")
	wantReason(t, a.CheckLifetime(0, 86401), Lifetime)
	wantReason(t, a.NotYetValid("iat"), NotYetValid)

	other, err := v.Authenticate(t.Context(), token(one, claims.With("aud", "other")), p)
	wantReason(t, err, "")
	wantReason(t, other.CheckAudience(), WrongAudience)

	for name, c := range map[string]struct {
		token string
		want  Reason
	}{
		"forged":         {token(forger, claims), Signature},
		"another type":   {one.Token(claims), Type},
		"another issuer": {token(one, claims.With("iss", "https://other.example/")), WrongIssuer},
		"a case variant": {token(one, claims.With("JTI", "x")), Malformed},
	} {
		if _, err := v.Authenticate(t.Context(), c.token, p); ReasonOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestWithoutAKeySetNoTokenCounts(t *testing.T) {
	v, err := New(Options{
		Issuers: []Issuer{testIssuerConfig()}, Now: func() time.Time { return idp.Now },
		Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("down") },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	one := idp.RSAKey(0, idp.KidOne)
	decide(t, v, one.Token(idp.IDClaims(idp.Now)), KeysUnavailable)
	if v.Ready() {
		t.Error("ready without a key set")
	}
	v.order[0].serve(t, v.now, idp.JWKSOf(one))
	decide(t, v, one.Token(idp.IDClaims(idp.Now)), "")
	if !v.Ready() {
		t.Error("not ready with a key set")
	}
}
