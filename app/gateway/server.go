package gateway

import (
	"crypto/subtle"
	"strings"

	"github.com/claimgate/claimgate/internal/parent"
)

// Server is what a decision needs to know of the server that asks. A dialect has one. No rule asks which
// server it is; a request without a Server is nobody's.
type Server struct {
	// Name is the dialect's, as in config.toml.
	Name string
	// Parent is the name under which the server keeps the subject of an issuer.
	Parent func(iss, sub string) parent.Name
	// OwnIssuer is what stands in claims.iss of every login at this server, in the place of the issuer of
	// the tokens. Empty: claims.iss is that of the token.
	OwnIssuer string
	// FromProvider are the claims of a session that come from the provider, if the server writes claims of
	// its own beside them. It counts with OwnIssuer only.
	FromProvider []string
	// ConditionNames lists the names in conditions under which the value of a policy's key comes.
	ConditionNames func(key string) []string
	// LowerCaseHeaders: headers come into conditions under their names in lower case.
	LowerCaseHeaders bool
}

// Provider is an OpenID Connect provider as a server's settings name it.
type Provider struct {
	Issuer   string // the issuer's URL
	Audience string // what the server has compared aud with at the login
}

// fits reports whether claims.parent is the name of the subject at one of the issuers. Only a credential of an
// OpenID Connect login is asked, and that has a server.
func (c *credential) fits(issuers ...string) bool {
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

// providerFits reports whether a token of the issuer may stand for a login at the provider. A provider that
// is not configured says nothing, unless the issuer is configured as another one.
func (g *Gateway) providerFits(provider, issuer string) bool {
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

// lowerCase returns names in lower case, each once.
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
