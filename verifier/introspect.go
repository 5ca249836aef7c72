package verifier

import (
	"context"

	"github.com/claimgate/claimgate/verifier/introspection"
)

// Introspect asks the issuer of a verified token whether the token still counts. It
// waits at most two seconds; see package introspection. It returns nil if the token
// counts or introspection is off for the issuer. The error is an *Error: Inactive if the
// issuer calls the token inactive; RevocationUnknown if the issuer cannot be asked,
// unless AllowOnError is set.
func (v *Verifier) Introspect(ctx context.Context, id *Identity, token string) error {
	i := v.issuers[id.IssuerURL]
	switch {
	case i == nil:
		return refuse(RevocationUnknown, "the identity has no configured issuer")
	case i.introspector == nil:
		return nil
	}
	switch i.introspector.Judge(ctx, id.Digest, token) {
	case introspection.Active:
		return nil
	case introspection.Inactive:
		return &Error{
			Inactive, "the issuer's introspection calls the token inactive",
			"Authentik says so of a token that was revoked or whose session ended, but also of every token " +
				"if introspection.client_id or its secret is wrong, and of tokens made by ak_create_jwt_raw",
		}
	default:
		return &Error{
			RevocationUnknown, "the issuer " + i.config.Name + " could not be asked whether the token still counts",
			"see introspection in /readyz of the admin listener for the issuer's answer",
		}
	}
}
