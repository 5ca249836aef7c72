package gateway

import (
	"encoding/json"
	"slices"

	"github.com/claimgate/claimgate/verifier"
)

// presented returns who presents the token: the access key, as MinIO names it. A failed check then costs
// that access key only (ADR 0018). The token frozen in an access key may count past its exp, but only if
// claims.parent shows that the key belongs to the user whom its claims name. binds checks the same parents once the
// token is verified. MinIO's iss is the URL at the time of the login. The iss of a server with its own iss is the URL of
// today, so its former URLs count as in binds.
func (g *Gateway) presented(r *Request, c *credential) verifier.Presented {
	p := verifier.Presented{By: r.Account}
	if c.kind == oidcAccessKey && (c.parentMatches(c.iss) || c.server.OwnIssuer != "" && c.parentMatches(g.formerly[c.iss]...)) {
		p.MaxAge = g.evidence.ServiceAccountMaxAge
	}
	return p
}

// attested returns the identity of the claims, for which only the server's word stands. Its error is a
// *verifier.Error.
func (g *Gateway) attested(c *credential, r *Request) (*verifier.Identity, error) {
	claims := r.Claims.Raw()
	if c.server != nil && c.server.OwnIssuer != "" && c.kind != static {
		if c.iss == "" {
			return nil, &verifier.Error{
				Reason: verifier.Untrusted, Detail: "no configured issuer has the provider of claims.oidc_provider",
				Hint: "set oidc_provider in [[issuer]] to the provider's name in the server's settings",
			}
		}
		if !c.parentMatches(c.iss) {
			return nil, &verifier.Error{Reason: verifier.Untrusted, Detail: "claims.parent does not match the provider's issuer and sub"}
		}
		claims = fromProvider(c, r, g.providers[c.provider])
	}
	switch {
	case c.kind == oidcSession:
		return g.verifier.Attested(claims, 0)
	case c.kind == oidcAccessKey && c.parentMatches(c.iss):
		return g.verifier.Attested(claims, g.evidence.ServiceAccountMaxAge)
	case c.kind == oidcAccessKey:
		return nil, &verifier.Error{Reason: verifier.Untrusted, Detail: "claims.parent does not match iss and sub"}
	}
	return nil, &verifier.Error{Reason: verifier.Untrusted, Detail: "the claims are not those of an OpenID Connect login"}
}

// fromProvider returns the claims that came from the provider, in the form of the provider's own token.
// It leaves out the claims that the server wrote itself: a policy that the server chose must not count as a
// claim of the provider.
func fromProvider(c *credential, r *Request, p Provider) []byte {
	text := []byte(`{"iss":`)
	text = append(text, quoted(p.Issuer)...)
	text = append(text, `,"aud":`...)
	text = append(text, quoted(p.Audience)...)
	for name, v := range r.Claims.Members() {
		if slices.Contains(c.server.FromProvider, name.View()) {
			text = append(text, ',')
			text = append(append(text, name.Raw()...), ':')
			text = append(text, v.Raw()...)
		}
	}
	return append(text, '}')
}

func quoted(text string) []byte {
	quoted, _ := json.Marshal(text) // never fails for a string
	return quoted
}

func (g *Gateway) bindingHint(c *credential) string {
	switch c.kind {
	case oidcSession, oidcAccessKey:
		if c.server.OwnIssuer != "" {
			return "claims.parent must be the name that the server makes of the token's iss and sub; if oidc_provider is set in [[issuer]], it must be the login's provider"
		}
		return "iss and sub of the token must equal those of the login: in the Authentik scope mapping sign the token with the id_token's own iss and sub"
	case static:
		if g.evidence.StaticCredentials == StaticDeny {
			return `evidence.static_credentials = "deny" accepts no token beside a static key`
		}
		return "the token's username claim must equal the MinIO account; or change evidence.static_credentials"
	case unknown:
	}
	return "the credential is neither a static key nor a session of an OpenID Connect login"
}

func (g *Gateway) tokenHint(c *credential) string {
	switch c.kind {
	case oidcSession, oidcAccessKey:
		if c.server.OwnIssuer != "" {
			return "send the token in a header, such as X-Authentik-Jwt: this server keeps no token in a session"
		}
		return "let the Authentik scope mapping return authentik_token, or send the token in a header"
	case static:
		return "send a token in a header, or name the account in an [[account]] rule of the mapping"
	case unknown:
	}
	return ""
}

// grantHint returns the hint for the most common cause of an identity without grants: the provider
// leaves the claims of its scope mappings out of the token.
func grantHint(id *verifier.Identity) string {
	if id == nil || len(id.Groups) > 0 {
		return ""
	}
	if values, _ := id.Claim("preferred_username"); len(values) > 0 {
		return ""
	}
	return `the token has no claims of scope mappings: in Authentik switch "Include claims in id_token" on and request the scopes`
}
