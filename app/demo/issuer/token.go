package issuer

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"
)

// AllScopes are the scopes that a MinIO client requests.
const AllScopes = "openid email profile minio"

// acr is a constant in every version of Authentik.
const acr = "goauthentik.io/providers/oauth2/default"

type tokenOptions struct {
	header  map[string]any
	secret  []byte
	session string
}

// Option changes one token.
type Option func(*tokenOptions)

// WithHeader sets a member of the JOSE header, or removes it if value is nil. It allows invalid headers.
func WithHeader(name string, value any) Option {
	return func(o *tokenOptions) { o.header[name] = value }
}

// WithSecret signs with HS256 and sets no kid, as a provider without a signing key does with its client secret.
func WithSecret(secret []byte) Option {
	return func(o *tokenOptions) {
		o.secret = secret
		o.header["alg"] = "HS256"
		o.header["kid"] = nil
	}
}

// WithSession sets the login session of ID and access tokens. The claim sid is the SHA-256 of the name. By default
// each user has one session.
func WithSession(name string) Option {
	return func(o *tokenOptions) { o.session = name }
}

// Token signs the claims unchanged with the current key.
func (i *Issuer) Token(claims map[string]any, opts ...Option) string {
	signer := i.current()
	o := options(opts)
	header := map[string]any{"alg": "RS256", "typ": "JWT", "kid": signer.id}
	maps.Copy(header, o.header)
	maps.DeleteFunc(header, func(_ string, value any) bool { return value == nil })

	input := b64(mustJSON(header)) + "." + b64(mustJSON(claims))
	if o.secret != nil {
		mac := hmac.New(sha256.New, o.secret)
		mac.Write([]byte(input))
		return input + "." + b64(mac.Sum(nil))
	}
	digest := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(rand.Reader, signer.private, crypto.SHA256, digest[:])
	if err != nil {
		// Only a key that is too small for a SHA-256 signature fails, and New does not make such a key.
		panic("issuer: " + err.Error())
	}
	return input + "." + b64(signature)
}

func options(opts []Option) tokenOptions {
	o := tokenOptions{header: make(map[string]any)}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// IDToken returns the id_token of a login by the code flow with AllScopes.
func (i *Issuer) IDToken(u User, opts ...Option) string {
	return i.Token(i.IDClaims(u, opts...), opts...)
}

// AccessToken returns the access token of the same login.
func (i *Issuer) AccessToken(u User, opts ...Option) string {
	claims := i.IDClaims(u, opts...)
	i.addAccess(claims, AllScopes)
	return i.Token(claims, opts...)
}

// EvidenceToken returns the token that the scope mapping minio adds as authentik_token. It holds only the claims that
// the gateway needs.
func (i *Issuer) EvidenceToken(u User, opts ...Option) string {
	return i.Token(i.EvidenceClaims(u), opts...)
}

// IDClaims returns the claims that IDToken signs, for callers that change some of them first.
func (i *Issuer) IDClaims(u User, opts ...Option) map[string]any {
	session := options(opts).session
	if session == "" {
		session = "login of " + u.Name
	}
	return i.loginClaims(u, AllScopes, session)
}

// loginClaims returns the claims of a person's login, with the session of the login.
func (i *Issuer) loginClaims(u User, scope, session string) map[string]any {
	claims := i.machineClaims(u, scope)
	claims["sid"] = sid(session)
	claims["amr"] = []string{"pwd"}
	return claims
}

// EvidenceClaims returns the claims that EvidenceToken signs.
func (i *Issuer) EvidenceClaims(u User) map[string]any {
	now := i.clock()
	claims := map[string]any{
		"iss":                i.url,
		"sub":                u.Subject,
		"aud":                i.clientID,
		"iat":                now.Unix(),
		"exp":                now.Add(i.evidence).Unix(),
		"preferred_username": u.Name,
		"groups":             u.groupsClaim(),
	}
	addPolicy(claims, u)
	return claims
}

// machineClaims returns the claims of an ID token without a login: the standard claims, and those that the mappings
// of the scopes add.
func (i *Issuer) machineClaims(u User, scope string) map[string]any {
	now := i.clock()
	claims := map[string]any{
		"iss":       i.url,
		"sub":       u.Subject,
		"aud":       i.clientID,
		"exp":       now.Add(i.lifetime).Unix(),
		"iat":       now.Unix(),
		"auth_time": now.Unix(),
		"acr":       acr,
		"jti":       randomHex(),
	}
	scopes := strings.Fields(scope)
	if slices.Contains(scopes, "email") {
		claims["email"] = u.Email
		claims["email_verified"] = false // since 2025.10
	}
	if slices.Contains(scopes, "profile") {
		claims["name"] = u.Name
		claims["given_name"] = u.Name
		claims["preferred_username"] = u.Name
		claims["nickname"] = u.Name
		claims["groups"] = u.groupsClaim()
	}
	if slices.Contains(scopes, "minio") {
		addPolicy(claims, u)
		claims["authentik_token"] = i.EvidenceToken(u)
	}
	return claims
}

func (i *Issuer) addAccess(claims map[string]any, scope string) {
	claims["azp"] = i.clientID
	claims["uid"] = randomHex() // random in each token, no user id
	claims["scope"] = scope
}

func addPolicy(claims map[string]any, u User) {
	if policy := u.policyClaim(); policy != nil {
		claims["policy"] = policy
	}
}

func (i *Issuer) expiresIn() int64 { return int64(i.lifetime / time.Second) }

func randomHex() string {
	var data [20]byte
	_, _ = rand.Read(data[:]) // crypto/rand never fails since Go 1.24
	return hex.EncodeToString(data[:])
}
