package verifier

import "errors"

// Reason is why a token was refused. The list of reasons is closed.
type Reason string

// The reasons.
const (
	Malformed       Reason = "token_malformed"     // not in the strict compact form
	Encrypted       Reason = "token_encrypted"     // a JWE
	Algorithm       Reason = "token_algorithm"     // alg is not accepted, or does not fit the key
	Type            Reason = "token_type"          // a token with another purpose than access
	UnknownKey      Reason = "token_unknown_key"   // the key set has no usable key with the kid
	Signature       Reason = "token_signature"     // the signature does not fit the key
	WrongIssuer     Reason = "token_issuer"        // iss is not a configured issuer
	WrongAudience   Reason = "token_audience"      // aud or azp does not fit the audiences
	Expired         Reason = "token_expired"       // exp has passed
	NotYetValid     Reason = "token_not_yet_valid" // iat or nbf lies in the future
	Lifetime        Reason = "token_lifetime"      // exp is more than MaxLifetime after iat
	BadClaims       Reason = "token_claims"        // a claim is missing or has the wrong type
	KeysUnavailable Reason = "keys_unavailable"    // no key set, or the key set is older than MaxStale
	Overloaded      Reason = "overloaded"          // too many signature checks wait
	Untrusted       Reason = "claims_untrusted"    // from Attested

	// From Introspect: the issuer calls the token inactive, or could not be asked.
	Inactive          Reason = "token_revoked"
	RevocationUnknown Reason = "revocation_unknown"
)

// Error is why a token was refused. Detail never holds the token or a part of its
// signature. Hint names the setting to change; it is "" if no setting helps.
type Error struct {
	Reason Reason
	Detail string
	Hint   string
}

func (e *Error) Error() string {
	s := string(e.Reason) + ": " + e.Detail
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Is lets errors.Is compare reasons: errors.Is(err, &Error{Reason: Expired}).
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Reason == e.Reason && t.Detail == ""
}

func refuse(r Reason, detail string) *Error { return &Error{Reason: r, Detail: detail} }

// ReasonOf returns the reason of an error of this package, or "" for any other error.
func ReasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}
