package verifier

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"time"

	"github.com/claimgate/claimgate/internal/strictjson"
)

// Attested returns who the claims of a MinIO session speak of, where no token
// came with the request and the operator accepts MinIO's word instead. MinIO
// checks neither iss nor anything after the login, so iss must be configured,
// aud and azp fit, and exp lie ahead. MaxLifetime is not applied: MinIO writes
// an exp of its own, up to a year ahead.
//
// The claims of an access key have no exp, being frozen for ever: they count
// until maxAge after iat, 0 not at all. The caller has compared the access
// key's parent already. Every error has the reason claims_untrusted.
func (v *Verifier) Attested(claims []byte, maxAge time.Duration) (*Identity, error) {
	claims = bytes.Clone(claims) // the identity keeps parts of it, the caller may reuse it
	doc, err := strictjson.Parse(claims)
	if err != nil {
		return nil, refuse(Untrusted, "the claims are not strict JSON: "+err.Error())
	}
	root := doc.Root()
	if name, found := twin(root, v.claimNames); found {
		return nil, refuse(Untrusted, "a claim differs from "+name+" only by case")
	}
	s := v.sources[root.Get("iss").Text()]
	if s == nil {
		return nil, refuse(Untrusted, "iss is "+quoted(root.Get("iss").Text())+", which is no configured issuer")
	}
	now := v.now()
	id, why := s.issuer.attested(root, now, v.clock.Latest(now), maxAge)
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
	iat, hasIAT, err := seconds(root, "iat")
	if err != nil {
		return nil, err
	}
	exp, hasEXP, err := seconds(root, "exp")
	if err != nil {
		return nil, err
	}
	if hasIAT {
		id.IssuedAt = time.Unix(iat, 0)
		if id.IssuedAt.After(now.Add(i.Leeway)) {
			return nil, i.early("iat")
		}
	}
	switch {
	case hasEXP:
		if id.Expires = time.Unix(exp, 0); !latest.Before(id.Expires.Add(i.Leeway)) {
			return nil, refuse(Expired, "exp has passed")
		}
	case !hasIAT:
		return nil, refuse(BadClaims, "neither exp nor iat is there")
	case maxAge <= 0 || !latest.Before(id.IssuedAt.Add(maxAge)): // iat may lie ahead, within the leeway
		return nil, refuse(Expired, "an access key's claims count until iat + evidence.service_account_max_age")
	}
	return id, nil
}

// namesRead are the claims that decide something for any issuer.
func namesRead(issuers []Issuer) []string {
	names := slices.Clone(claimNames)
	for _, i := range issuers {
		if i.UsernameClaim != "" && !slices.Contains(names, i.UsernameClaim) {
			names = append(names, i.UsernameClaim)
		}
	}
	return names
}
