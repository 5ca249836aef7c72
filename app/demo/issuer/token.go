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

// AllScopes is what a MinIO client asks for.
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

// WithHeader sets a member of the JOSE header, or removes it where value is
// nil. It signs what it is told to sign, nonsense included.
func WithHeader(name string, value any) Option {
	return func(o *tokenOptions) { o.header[name] = value }
}

// WithSecret signs with HS256, as a provider without a signing key does with
// its client secret: such tokens have no kid.
func WithSecret(secret []byte) Option {
	return func(o *tokenOptions) {
		o.secret = secret
		o.header["alg"] = "HS256"
		o.header["kid"] = nil
	}
}

// WithSession names the login session of ID and access tokens: sid is its
// SHA-256. By default there is one session a user.
func WithSession(name string) Option {
	return func(o *tokenOptions) { o.session = name }
}

// Token signs any claims with the current key. It adds nothing to them.
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
		// Only a key too small for a SHA-256 signature gets here, and New
		// refuses to make one.
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

// IDToken is the id_token of a login by the code flow with AllScopes.
func (i *Issuer) IDToken(u User, opts ...Option) string {
	return i.Token(i.IDClaims(u, opts...), opts...)
}

// AccessToken is the access token of the same login.
func (i *Issuer) AccessToken(u User, opts ...Option) string {
	claims := i.IDClaims(u, opts...)
	i.addAccess(claims, AllScopes)
	return i.Token(claims, opts...)
}

// EvidenceToken is what the minio scope mapping signs and returns as
// authentik_token: no more claims than the gateway needs.
func (i *Issuer) EvidenceToken(u User, opts ...Option) string {
	return i.Token(i.EvidenceClaims(u), opts...)
}

// IDClaims are the claims that IDToken signs, for callers that want to change
// some of them first.
func (i *Issuer) IDClaims(u User, opts ...Option) map[string]any {
	session := options(opts).session
	if session == "" {
		session = "login of " + u.Name
	}
	return i.loginClaims(u, AllScopes, session)
}

// loginClaims are those of a person's login, with the session that it made.
func (i *Issuer) loginClaims(u User, scope, session string) map[string]any {
	claims := i.machineClaims(u, scope)
	claims["sid"] = sid(session)
	claims["amr"] = []string{"pwd"}
	return claims
}

// EvidenceClaims are the claims that EvidenceToken signs.
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

// machineClaims are those of an ID token without a login: the standard claims
// and what the mappings of the granted scopes add.
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
