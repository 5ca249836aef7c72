package main

import (
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/jwks"
	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	golangjwt "github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

// library is a JOSE library. verify returns an error if the library refuses the token.
type library struct {
	name   string
	verify func(token string) error
}

func keySet(key *rsa.PublicKey) []byte {
	b64 := base64.RawURLEncoding.EncodeToString
	return fmt.Appendf(nil, `{"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":%q,"n":%q,"e":%q}]}`,
		keyID, b64(key.N.Bytes()), b64(big.NewInt(int64(key.E)).Bytes()))
}

// runningVerifier is a running Verifier and the server of its issuer's key set.
type runningVerifier struct {
	*verifier.Verifier
	server *httptest.Server
}

func startVerifier(key *rsa.PublicKey) (*runningVerifier, error) {
	set := keySet(key)
	fetched := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(set) }))
	v, err := verifier.New(verifier.Options{
		Issuers: []verifier.Issuer{{
			Name: "authentik", URL: issuer, JWKSURL: server.URL, Audiences: []string{audience}, Algorithms: []string{"RS256"},
			MaxLifetime: time.Hour, Refresh: time.Hour, RefetchCooldown: time.Second, MaxStale: time.Hour,
		}},
		Notify: func(jwks.Notice) { fetched <- struct{}{} },
	})
	if err != nil {
		server.Close()
		return nil, err
	}
	v.Start()
	<-fetched
	return &runningVerifier{v, server}, nil
}

func (o *runningVerifier) Close() {
	o.Verifier.Close()
	o.server.Close()
}

// otherLibraries returns the other libraries with their default options, told to check iss, aud and
// exp.
func otherLibraries(key *rsa.PublicKey) ([]library, error) {
	set, err := jwk.Parse(keySet(key))
	if err != nil {
		return nil, err
	}
	parser := golangjwt.NewParser(golangjwt.WithValidMethods([]string{"RS256"}), golangjwt.WithIssuer(issuer),
		golangjwt.WithAudience(audience), golangjwt.WithExpirationRequired(), golangjwt.WithIssuedAt())
	theKey := func(*golangjwt.Token) (any, error) { return key, nil } //nolint:unparam // as golangjwt.Keyfunc is
	return []library{
		{"jwx v3.3.0", func(token string) error {
			_, err := jwt.Parse([]byte(token), jwt.WithKeySet(set), jwt.WithIssuer(issuer), jwt.WithAudience(audience), jwt.WithRequiredClaim("exp"))
			return err
		}},
		{"go-jose v4.1.8", func(token string) error { return goJose(key, token) }},
		{"golang-jwt v5.3.1, map", func(token string) error {
			_, err := parser.Parse(token, theKey)
			return err
		}},
		{"golang-jwt v5.3.1, typed", func(token string) error {
			_, err := parser.ParseWithClaims(token, new(golangjwt.RegisteredClaims), theKey)
			return err
		}},
	}, nil
}

func goJose(key *rsa.PublicKey, token string) error {
	parsed, err := josejwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return err
	}
	var claims josejwt.Claims
	if err := parsed.Claims(key, &claims); err != nil {
		return err
	}
	if claims.Expiry == nil {
		return josejwt.ErrExpired
	}
	return claims.Validate(josejwt.Expected{Issuer: issuer, AnyAudience: josejwt.Audience{audience}, Time: time.Now()})
}
