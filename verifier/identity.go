package verifier

import "time"

// Identity is the person or machine that a verified token or the claims of a MinIO
// session name. Requests share an Identity, so the caller must not change it.
type Identity struct {
	Issuer    string // the configured name of the issuer
	IssuerURL string // its iss, byte for byte
	Subject   string
	Username  string // the issuer's username claim; "" if absent or not a string
	Session   string // sid; "" for machine tokens
	Groups    []string
	IssuedAt  time.Time // zero if iat is absent
	Expires   time.Time // zero only for attested claims of an access key
	Digest    [32]byte  // SHA-256 of the token, or of the attested claims

	claims  []claim
	payload []byte // the claims as JSON; the strings above are parts of payload
}

type claim struct {
	name   string
	values []string
	other  bool // neither null nor a string nor a list of strings
}

// Claim returns the values of a top-level claim that is a string or a list of strings.
// An absent claim and null have no values. ok is false if the claim has another type.
func (id *Identity) Claim(name string) (values []string, ok bool) {
	for i := range id.claims {
		if id.claims[i].name == name {
			return id.claims[i].values, !id.claims[i].other
		}
	}
	return nil, true
}
