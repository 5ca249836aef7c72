package gateway

import (
	"time"

	"github.com/claimgate/claimgate/internal/strictjson"
)

// StaticCredentials says which tokens are accepted beside a static credential.
type StaticCredentials uint8

const (
	// StaticDeny accepts no token.
	StaticDeny StaticCredentials = iota
	// StaticMatch accepts a token whose username is the account.
	StaticMatch
	// StaticAny accepts every valid token: the token alone decides.
	StaticAny
)

// Evidence says where a request may hold a token, and what is accepted without a token. The zero
// value finds no token and accepts nothing else.
type Evidence struct {
	// Keys are the exact names in conditions under which a request may hold a token.
	Keys []string
	// StaticCredentials is the rule for credentials without an issuer.
	StaticCredentials StaticCredentials
	// AttestedClaims accepts the claims of an OpenID Connect credential if there is no token. Only
	// MinIO's word stands for such claims.
	AttestedClaims bool
	// ServiceAccountMaxAge applies to an access key made from an OpenID Connect session: its frozen
	// token or claims count until iat plus ServiceAccountMaxAge. If it is 0, the token ends with its
	// exp, and the claims, which have no exp, never count.
	ServiceAccountMaxAge time.Duration
}

// findToken returns the one token in conditions, or "" if there is none. Empty values are skipped. Two
// different values are ambiguous: query parameters append to the values of MinIO and of headers, so a
// client may be trying to pass off one token for another.
func findToken(keys []string, conditions strictjson.Value) (token string, ambiguous bool) {
	for _, key := range keys {
		for v := range conditions.Get(key).Elements() {
			value := v.View()
			switch {
			case value == "" || value == token:
			case token == "":
				token = value
			default:
				return "", true
			}
		}
	}
	return token, false
}

// EvidenceKeys returns the names in conditions under which the server sends tokens, in the order of the
// configuration. The caller must not change the list. s may be nil: then the names are as configured.
func (g *Gateway) EvidenceKeys(s *Server) []string {
	if s != nil && s.LowerCaseHeaders {
		return g.lowerKeys
	}
	return g.evidence.Keys
}
