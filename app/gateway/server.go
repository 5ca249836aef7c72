package gateway

import (
	"crypto/subtle"
	"strings"

	"github.com/claimgate/claimgate/internal/parent"
)

// Server describes the server that asks, as far as decisions need it. Each dialect has one Server. No rule
// of the mapping depends on the server. In a request without a Server no credential is trusted.
type Server struct {
	// Name is the name of the dialect in config.toml.
	Name string
	// Parent returns the name under which the server keeps the subject of an issuer.
	Parent func(iss, sub string) parent.Name
	// OwnIssuer is the constant that the server writes into claims.iss of every login. It is empty if
	// claims.iss is the iss of the token.
	OwnIssuer string
	// FromProvider lists the claims of a session that come from the provider and not from the server. It
	// is used only if OwnIssuer is set.
	FromProvider []string
	// ConditionNames returns the names in conditions under which the server sends the value of a policy's
	// condition key.
	ConditionNames func(key string) []string
	// LowerCaseHeaders means that the names of headers in conditions are in lower case.
	LowerCaseHeaders bool
}

// Provider is an OpenID Connect provider in a server's settings.
type Provider struct {
	Issuer   string // the issuer's URL
	Audience string // the audience that the server checked at the login
}

// parentMatches reports whether claims.parent is the name of the subject at one of the issuers. The credential must be
// that of an OpenID Connect login, which always has a server.
func (c *credential) parentMatches(issuers ...string) bool {
	for _, iss := range issuers {
		if iss == "" {
			continue
		}
		want := c.server.Parent(iss, c.sub)
		if subtle.ConstantTimeCompare(want[:], []byte(c.parent.View())) == 1 {
			return true
		}
	}
	return false
}

// providerMatches reports whether a token of the issuer may be used with a login at the provider. A
// provider that is not configured matches every issuer that has no configured provider.
func (g *Gateway) providerMatches(provider, issuer string) bool {
	if p, known := g.providers[provider]; known {
		return p.Issuer == issuer
	}
	for _, p := range g.providers {
		if p.Issuer == issuer {
			return false
		}
	}
	return true
}

// lowerCase returns the names in lower case, without duplicates.
func lowerCase(names []string) []string {
	var list []string
	seen := map[string]bool{}
	for _, name := range names {
		if name = strings.ToLower(name); !seen[name] {
			seen[name] = true
			list = append(list, name)
		}
	}
	return list
}
