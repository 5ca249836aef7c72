package gateway

import (
	"github.com/claimgate/claimgate/verifier"
)

// presented says who brought the token, as MinIO names him, so that forgeries are
// his own loss. The token frozen in an access key counts past its exp, if the key
// really is that of the user its claims name.
func (g *Gateway) presented(r *Request, c *credential) verifier.Presented {
	p := verifier.Presented{By: r.Account}
	if c.kind == oidcAccessKey && c.fitsParent() {
		p.MaxAge = g.evidence.ServiceAccountMaxAge
	}
	return p
}

// attested takes the claims on MinIO's word.
func (g *Gateway) attested(c *credential, r *Request) (*verifier.Identity, error) {
	switch {
	case c.kind == oidcSession:
		return g.verifier.Attested(r.Claims.Raw(), 0)
	case c.kind == oidcAccessKey && c.fitsParent():
		return g.verifier.Attested(r.Claims.Raw(), g.evidence.ServiceAccountMaxAge)
	case c.kind == oidcAccessKey:
		return nil, &verifier.Error{Reason: verifier.Untrusted, Detail: "claims.parent is not that of iss and sub"}
	}
	return nil, &verifier.Error{Reason: verifier.Untrusted, Detail: "the claims are not those of an OpenID Connect login"}
}

func (g *Gateway) bindingHint(c *credential) string {
	switch c.kind {
	case oidcSession, oidcAccessKey:
		return "iss and sub of the token must equal those of the login: in the Authentik scope mapping sign the token with the id_token's own iss and sub"
	case static:
		if g.evidence.StaticCredentials == StaticDeny {
			return `evidence.static_credentials = "deny" lets no token count beside a static key`
		}
		return "the token's username claim must equal the MinIO account, or evidence.static_credentials be changed"
	case unknown:
	}
	return "the credential is neither a static key nor a session of an OpenID Connect login"
}

func (g *Gateway) tokenHint(c *credential) string {
	switch c.kind {
	case oidcSession, oidcAccessKey:
		return "let the Authentik scope mapping return authentik_token, or send the token in a header"
	case static:
		return "send a token in a header, or name the account in an [[account]] rule of the mapping"
	case unknown:
	}
	return ""
}

// grantHint tells the most common reason for an identity without grants: the
// provider keeps the claims of its scope mappings out of the token.
func grantHint(id *verifier.Identity) string {
	if id == nil || len(id.Groups) > 0 {
		return ""
	}
	if values, _ := id.Claim("preferred_username"); len(values) > 0 {
		return ""
	}
	return `the token has no claims of scope mappings: in Authentik switch "Include claims in id_token" on and request the scopes`
}
