package gateway

import (
	"slices"

	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/verifier"
)

// kind is the kind of the credential that signed a request. The claims tell the kind.
type kind uint8

const (
	// unknown is a credential that is never trusted: an anonymous request, or claims that have only
	// one of iss and sub.
	unknown kind = iota
	// static is an access key that MinIO keeps itself, or one derived from such a key.
	static
	// oidcSession is a session from an OpenID Connect login.
	oidcSession
	// oidcAccessKey is an access key made from such a session. Its claims never change and have no exp.
	oidcAccessKey
)

// credential is the credential that signed the request, as far as MinIO vouches for it.
type credential struct {
	server    *Server
	kind      kind
	account   string // of a static credential: the account that the key belongs to, or ""
	iss, sub  string // of an OpenID Connect credential; iss is "" if the issuer is not known
	provider  string // claims.oidc_provider, if the server writes its own iss
	session   string // claims.sid
	parent    strictjson.Value
	policy    strictjson.Value // claims.sessionPolicy
	accessKey bool             // the claims mark a service account: they have sa-policy and no exp
}

// credentialOf returns the credential of the request. MinIO refuses an id_token without sub, so claims
// of a login have sub. Sessions of certificates and custom tokens have sub, too. So a login has both
// iss and sub, a static key has neither, and a credential with only one of them is not trusted.
func credentialOf(r *Request) credential {
	c := credential{server: r.Server}
	if c.server == nil {
		return c
	}
	claim := &r.Claims.found
	iss, sub := claim[claimIss], claim[claimSub]
	c.parent, c.policy = claim[claimParent], claim[claimSessionPolicy]
	c.accessKey = claim[claimSAPolicy].Kind() != strictjson.Missing && claim[claimExp].Kind() == strictjson.Missing
	switch {
	case r.Anonymous():
	case iss.Kind() == strictjson.Missing && sub.Kind() == strictjson.Missing:
		c.kind, c.account = static, r.Account
		if c.parent.Kind() != strictjson.Missing {
			c.account = c.parent.View() // "" if it is not a string: then the key belongs to no account
		}
	case iss.Kind() != strictjson.String || sub.Kind() != strictjson.String:
	case c.server.OwnIssuer == "":
		c.kind, c.iss, c.sub, c.session = oidcSession, iss.View(), sub.View(), claim[claimSID].View()
	case iss.View() == c.server.OwnIssuer:
		c.kind, c.sub, c.provider = oidcSession, sub.View(), claim[claimProvider].View()
	}
	if c.kind == oidcSession && c.accessKey {
		c.kind = oidcAccessKey
	}
	return c
}

// credential returns the credential of the request. If the claims name a provider, the configuration says
// which issuer the login was at.
func (g *Gateway) credential(r *Request) credential {
	c := credentialOf(r)
	if c.provider != "" {
		c.iss = g.providers[c.provider].Issuer
	}
	return c
}

// binds reports whether the token's identity is that of the credential. A token cannot be used with a
// credential that it was not made for.
func (g *Gateway) binds(c *credential, id *verifier.Identity) bool {
	switch c.kind {
	case oidcSession:
		if c.server.OwnIssuer != "" { // claims.parent says which issuer the login was at
			return id.Subject == c.sub && g.providerMatches(c.provider, id.IssuerURL) && c.parentMatches(id.IssuerURL)
		}
		// claims.parent is not checked here, because the identity provider may have written that claim.
		return id.IssuerURL == c.iss && id.Subject == c.sub
	case oidcAccessKey:
		// An access key keeps the claims of its login. The issuer may have had another URL then.
		formerly := g.formerly[id.IssuerURL]
		if c.server.OwnIssuer != "" {
			return id.Subject == c.sub && g.providerMatches(c.provider, id.IssuerURL) && (c.parentMatches(id.IssuerURL) || c.parentMatches(formerly...))
		}
		return (id.IssuerURL == c.iss || slices.Contains(formerly, c.iss)) && id.Subject == c.sub && c.parentMatches(c.iss)
	case static:
		switch g.evidence.StaticCredentials {
		case StaticMatch:
			return id.Username != "" && id.Username == c.account
		case StaticAny:
			return true
		case StaticDeny:
		}
	case unknown:
	}
	return false
}
