package gateway

import (
	"slices"

	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/verifier"
)

// kind is what sort of MinIO credential signed a request, told by its claims.
type kind uint8

const (
	// unknown is a credential that no rule speaks of: nobody, or claims that
	// name a subject without an issuer or the other way round.
	unknown kind = iota
	// static is a key that MinIO keeps itself, or one derived from such a key.
	static
	// oidcSession is a session from an OpenID Connect login.
	oidcSession
	// oidcAccessKey is an access key made from such a session: its claims are
	// frozen for ever and have no exp.
	oidcAccessKey
)

// credential is who signed the request, as far as MinIO vouches for it.
type credential struct {
	server    *Server
	kind      kind
	account   string // for static credentials: whose key it is, "" for nobody's
	iss, sub  string // for OpenID Connect credentials; iss is empty if nothing says which issuer it was
	provider  string // claims.oidc_provider, if the server writes its own iss
	session   string // claims.sid
	parent    strictjson.Value
	policy    strictjson.Value // claims.sessionPolicy
	accessKey bool             // MinIO's own mark of a service account: sa-policy is there, and no exp
}

// credentialOf sorts the request's credential. MinIO refuses an id_token
// without sub, so claims without sub come from no login; certificate and
// custom-token sessions have sub and are not told from a login by it alone, so
// anything but both or neither of iss and sub is of no kind that is trusted.
func credentialOf(r *Request) credential {
	c := credential{server: r.Server}
	if c.server == nil {
		return c
	}
	var iss, sub, sid, exp, saPolicy, provider strictjson.Value
	for name, v := range r.Claims.Members() {
		switch name.View() {
		case "iss":
			iss = v
		case "sub":
			sub = v
		case "sid":
			sid = v
		case "exp":
			exp = v
		case "sa-policy":
			saPolicy = v
		case "oidc_provider":
			provider = v
		case "parent":
			c.parent = v
		case "sessionPolicy":
			c.policy = v
		}
	}
	c.accessKey = saPolicy.Kind() != strictjson.Missing && exp.Kind() == strictjson.Missing
	switch {
	case r.Anonymous():
	case iss.Kind() == strictjson.Missing && sub.Kind() == strictjson.Missing:
		c.kind, c.account = static, r.Account
		if c.parent.Kind() != strictjson.Missing {
			c.account = c.parent.View() // "" where it is no string: nobody
		}
	case iss.Kind() != strictjson.String || sub.Kind() != strictjson.String:
	case c.server.OwnIssuer == "":
		c.kind, c.iss, c.sub, c.session = oidcSession, iss.View(), sub.View(), sid.View()
	case iss.View() == c.server.OwnIssuer:
		c.kind, c.sub, c.provider = oidcSession, sub.View(), provider.View()
	}
	if c.kind == oidcSession && c.accessKey {
		c.kind = oidcAccessKey
	}
	return c
}

// signer sorts the request's credential. The configuration says of which issuer a provider's logins are.
func (g *Gateway) signer(r *Request) credential {
	c := credentialOf(r)
	if c.provider != "" {
		c.iss = g.providers[c.provider].Issuer
	}
	return c
}

// binds reports whether the token's identity is that of the credential, so that
// a token cannot be used with a credential it was not made for.
func (g *Gateway) binds(c *credential, id *verifier.Identity) bool {
	switch c.kind {
	case oidcSession:
		if c.server.OwnIssuer != "" { // the parent says of which issuer the login was
			return id.Subject == c.sub && g.providerFits(c.provider, id.IssuerURL) && c.fits(id.IssuerURL)
		}
		// Here parent is not looked at: the identity provider may have written that claim.
		return id.IssuerURL == c.iss && id.Subject == c.sub
	case oidcAccessKey:
		// An access key keeps the claims that its login had, of an issuer that may have had another URL.
		formerly := g.formerly[id.IssuerURL]
		if c.server.OwnIssuer != "" {
			return id.Subject == c.sub && g.providerFits(c.provider, id.IssuerURL) && (c.fits(id.IssuerURL) || c.fits(formerly...))
		}
		return (id.IssuerURL == c.iss || slices.Contains(formerly, c.iss)) && id.Subject == c.sub && c.fits(c.iss)
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
