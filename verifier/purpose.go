package verifier

import (
	"context"
	"slices"

	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/verifier/internal/purpose"
)

// Authenticated is a token that passed steps 1 to 5: an issuer has signed the token. Its
// purpose, audience and times are not checked.
type Authenticated struct {
	issuer *Issuer
	claims strictjson.Value
}

// Authenticate applies steps 1 to 5 to a token with another purpose than access, such
// as a logout token. The caller must judge the claims. Waiting ends with ctx. Only
// packages below verifier can make a Purpose. The error is an *Error.
func (v *Verifier) Authenticate(ctx context.Context, token string, p *purpose.Purpose) (*Authenticated, error) {
	f := new(verified)
	claims, err := v.authenticate(ctx, f, token, p.Types, slices.Concat(claimNames, p.Claims), checkPool{Pool: p.Checks})
	if err != nil {
		return nil, err
	}
	return &Authenticated{f.issuer.config, claims}, nil
}

// Issuer returns the issuer of the token.
func (a *Authenticated) Issuer() *Issuer { return a.issuer }

// Claims returns the payload.
func (a *Authenticated) Claims() strictjson.Value { return a.claims }

// CheckAudience returns an *Error unless aud, and azp if present, fit the issuer's
// audiences.
func (a *Authenticated) CheckAudience() error {
	if err := a.issuer.judgeAudience(a.claims); err != nil {
		return err
	}
	return nil
}

// NumericDate returns a claim that is a time, in seconds since 1970 (RFC 7519 section
// 2). present is false if the claim is absent. The error is an *Error with the reason
// BadClaims.
func (a *Authenticated) NumericDate(name string) (t int64, present bool, _ error) {
	t, present, err := numericDate(a.claims, name)
	if err != nil {
		return 0, false, err
	}
	return t, present, nil
}

// CheckLifetime returns an *Error if exp is more than MaxLifetime after iat. Both are in
// seconds since 1970.
func (a *Authenticated) CheckLifetime(iat, exp int64) error {
	if a.issuer.exceedsLifetime(iat, exp) {
		return a.issuer.lifetimeError()
	}
	return nil
}

// NotYetValid returns the *Error for a time claim that lies in the future.
func (a *Authenticated) NotYetValid(name string) error { return a.issuer.notYetValid(name) }
