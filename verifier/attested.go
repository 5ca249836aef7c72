package verifier

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"time"

	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/verifier/internal/quote"
)

// Attested returns the identity that the claims of a MinIO session name. It is for
// requests without a token, if the operator chooses to trust MinIO's claims instead.
// MinIO does not check iss, and checks no claim after the login. Therefore Attested
// requires a configured iss, an aud and azp that fit, and an exp in the future.
// MaxLifetime does not apply: MinIO writes its own exp, up to a year ahead.
//
// The claims of an access key have no exp and never change. They count until maxAge
// after iat; 0 refuses them. The caller must compare the access key's parent first.
//
// Attested copies claims. Every error is an *Error with the reason Untrusted.
func (v *Verifier) Attested(claims []byte, maxAge time.Duration) (*Identity, error) {
	claims = bytes.Clone(claims) // the identity keeps parts of the copy, and the caller may reuse its memory
	doc, err := strictjson.Parse(claims)
	if err != nil {
		return nil, refuse(Untrusted, "the claims are not strict JSON: "+err.Error())
	}
	root := doc.Root()
	if name, found := caseVariant(root, v.claimNames); found {
		return nil, refuse(Untrusted, "a claim differs from "+name+" only by case")
	}
	i := v.issuers[root.Get("iss").Text()]
	if i == nil {
		return nil, refuse(Untrusted, "iss is "+quote.Value(root.Get("iss").Text())+", which is no configured issuer")
	}
	now := v.now()
	id, why := i.config.attested(root, now, v.clock.Latest(now), maxAge)
	if why != nil {
		return nil, refuse(Untrusted, why.Detail)
	}
	id.Digest = sha256.Sum256(claims)
	return id, nil
}

func (i *Issuer) attested(root strictjson.Value, now, latest time.Time, maxAge time.Duration) (*Identity, *Error) {
	if err := i.judgeKind(root); err != nil {
		return nil, err
	}
	if err := i.judgeAudience(root); err != nil {
		return nil, err
	}
	id := new(Identity)
	if err := i.readIdentity(id, root); err != nil {
		return nil, err
	}
	iat, hasIAT, err := numericDate(root, "iat")
	if err != nil {
		return nil, err
	}
	exp, hasEXP, err := numericDate(root, "exp")
	if err != nil {
		return nil, err
	}
	if hasIAT {
		id.IssuedAt = time.Unix(iat, 0)
		if id.IssuedAt.After(now.Add(i.Leeway)) {
			return nil, i.notYetValid("iat")
		}
	}
	switch {
	case hasEXP:
		if id.Expires = time.Unix(exp, 0); !latest.Before(id.Expires.Add(i.Leeway)) {
			return nil, refuse(Expired, "exp has passed")
		}
	case !hasIAT:
		return nil, refuse(BadClaims, "exp and iat are missing")
	case maxAge <= 0 || !latest.Before(id.IssuedAt.Add(maxAge)): // maxAge 0 refuses an iat ahead of the clock, too
		return nil, refuse(Expired, "an access key's claims count until iat + evidence.service_account_max_age")
	}
	return id, nil
}

// namesRead returns the names of the claims that are read, over all issuers.
func namesRead(issuers []Issuer) []string {
	names := slices.Clone(claimNames)
	for _, i := range issuers {
		if i.UsernameClaim != "" && !slices.Contains(names, i.UsernameClaim) {
			names = append(names, i.UsernameClaim)
		}
		if name := i.groupsPath()[0]; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
