package gateway

import (
	"time"

	"github.com/claimgate/claimgate/internal/strictjson"
)

// StaticCredentials says which tokens count beside a static credential.
type StaticCredentials uint8

const (
	// StaticDeny accepts none.
	StaticDeny StaticCredentials = iota
	// StaticMatch accepts a token whose username is the account.
	StaticMatch
	// StaticAny lets the token alone decide.
	StaticAny
)

// Evidence says where a token is looked for and what counts without one. Its
// zero value finds no token and accepts nothing else.
type Evidence struct {
	// Keys are the names in conditions, exact, under which a token may lie.
	Keys []string
	// StaticCredentials is the rule for credentials without an issuer.
	StaticCredentials StaticCredentials
	// AttestedClaims accepts the claims of an OpenID Connect credential, on
	// MinIO's word, where there is no token.
	AttestedClaims bool
	// ServiceAccountMaxAge is how long after iat the frozen token or claims of
	// an OpenID Connect user's access key count; 0 is "past exp not at all".
	ServiceAccountMaxAge time.Duration
}

// find returns the one token in conditions, "" if there is none. Query strings
// append to what MinIO and headers put there, so two different values mean that
// somebody tries to pass one token off for another. Empty values are none.
func find(keys []string, conditions strictjson.Value) (token string, ambiguous bool) {
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

// EvidenceKeys are the names in conditions under which the server shows tokens: those of the
// configuration, in its order. The caller must not change them. nil is a server of which nothing is known.
func (g *Gateway) EvidenceKeys(s *Server) []string {
	if s != nil && s.LowerCaseHeaders {
		return g.lowerKeys
	}
	return g.evidence.Keys
}
