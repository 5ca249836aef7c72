package verifier

import "time"

// Identity is who a verified token, or claims that MinIO attests, speak of. It
// is shared between requests and must not be changed.
type Identity struct {
	Issuer    string // the configured name of the issuer
	IssuerURL string // its iss, byte for byte
	Subject   string
	Username  string // the issuer's username claim; "" where absent or no string
	Session   string // sid; "" for machine tokens
	Groups    []string
	IssuedAt  time.Time // zero where iat is absent
	Expires   time.Time // zero only for attested claims of an access key
	Digest    [32]byte  // SHA-256 of the token, or of the attested claims

	claims []claim
}

type claim struct {
	name   string
	values []string
	other  bool // neither null, a string, nor a list of strings
}

// Claim returns the values of a top-level claim that is a string or a list of
// strings. ok is false where the claim has any other type; an absent claim and
// null have no values and are ok.
func (id *Identity) Claim(name string) (values []string, ok bool) {
	for i := range id.claims {
		if id.claims[i].name == name {
			return id.claims[i].values, !id.claims[i].other
		}
	}
	return nil, true
}
