package verifier

import (
	"context"
	"slices"

	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/verifier/internal/quote"
	"github.com/claimgate/claimgate/verifier/jwks"
	"github.com/lestrrat-go/jwx/v3/jws/jwsbb"
)

// checker runs the check of a signature when the check's turn comes.
type checker interface {
	// check runs f, or returns an error if f cannot run soon enough. f reports whether
	// the signature is good.
	check(ctx context.Context, f func() bool) *Error
}

// authenticate applies steps 1 to 5 and returns the claims of the token. types are the
// values that typ may have. names are the claims that are read.
func (v *Verifier) authenticate(ctx context.Context, f *verified, token string, types, names []string, c checker) (strictjson.Value, *Error) {
	var none strictjson.Value
	t, err := parseCompact(token, v.maxToken, types)
	if err != nil {
		return none, err
	}
	claims := t.payload.Root()
	f.payloadSize = len(claims.Raw())
	if name, found := caseVariant(claims, names); found {
		return none, refuse(Malformed, "a claim differs from "+name+" only by case")
	}
	if f.issuer, err = v.issuerOf(claims, t.alg); err != nil {
		return none, err
	}
	if err := f.verifySignature(ctx, t, c); err != nil {
		return none, err
	}
	return claims, nil
}

// issuerOf finds the issuer whose URL equals iss byte for byte. A URL without its slash
// at the end is another issuer.
func (v *Verifier) issuerOf(claims strictjson.Value, alg string) (*issuer, *Error) {
	iss := claims.Get("iss")
	i := v.issuers[iss.Text()]
	if i == nil || iss.Kind() != strictjson.String {
		e := refuse(WrongIssuer, "iss is "+quote.Value(iss.Text())+", which is no configured issuer")
		if iss.Kind() == strictjson.Missing {
			e.Detail = "iss is missing"
			e.Hint = "assign an application to the Authentik provider"
		} else if similar := v.similarURL(iss.Text()); similar != "" {
			e.Hint = "the configured url " + quote.Value(similar) + " differs only in scheme, host or slash: " +
				"set url to what Authentik writes, or make every client reach Authentik by one name"
		}
		return nil, e
	}
	if !slices.Contains(i.config.Algorithms, alg) {
		return nil, refuse(Algorithm, "alg "+alg+" is not among the issuer's algorithms")
	}
	return i, nil
}

// verifySignature applies steps 4 and 5.
func (f *verified) verifySignature(ctx context.Context, t *compact, c checker) *Error {
	var keys []*jwks.Key
	f.set, keys = f.issuer.keys.Find(ctx, t.kid)
	err := f.tryKeys(ctx, t, keys, c)
	if err == nil || (err.Reason != Signature && err.Reason != Algorithm) {
		return err
	}
	// Authentik can replace the key of a kid in place, also by a key of another type.
	// Therefore a key that does not fit causes one fetch. The key set may also have
	// changed while the check waited for its turn.
	f.issuer.keys.Demand(ctx, t.kid)
	if f.issuer.keys.Newest() == f.set {
		return err
	}
	f.set = f.issuer.keys.Newest()
	return f.tryKeys(ctx, t, f.set.Keys(t.kid), c)
}

// tryKeys checks the signature with each key that fits. All keys are tried in one turn,
// so that a token of the second key of a kid does not count as a forgery.
func (f *verified) tryKeys(ctx context.Context, t *compact, keys []*jwks.Key, c checker) *Error {
	switch {
	case f.set == nil:
		return f.issuer.unavailable()
	case len(keys) == 0:
		return unknownKey(t.kid, f.set.Refused(t.kid))
	case !slices.ContainsFunc(keys, func(k *jwks.Key) bool { return k.Allows(t.alg) }):
		return refuse(Algorithm, "alg "+t.alg+" does not fit the key with this kid")
	}
	f.checked = true
	if err := c.check(ctx, func() bool {
		for _, k := range keys {
			if k.Allows(t.alg) && jwsbb.Verify(k.Public(), t.alg, t.signed, t.signature) == nil {
				f.key = k
				return true
			}
		}
		return false
	}); err != nil {
		f.checked = false
		return err
	}
	if f.key == nil {
		return refuse(Signature, "the signature does not fit the key with this kid")
	}
	return nil
}

// unknownKey returns the error for a kid without a usable key. refused says why a published key with
// that kid is not usable; it is empty if the issuer publishes no such key.
func unknownKey(kid, refused string) *Error {
	if refused != "" {
		return &Error{UnknownKey, "the key " + quote.Value(kid) + " of the issuer does not count: " + refused, "let the issuer publish a sound signing key"}
	}
	return &Error{
		UnknownKey, "no signing key of the issuer has the kid " + quote.Value(kid),
		"Authentik publishes its current key only, so tokens of a replaced key are refused",
	}
}
