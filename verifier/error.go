package verifier

import "errors"

// Reason is why a token was refused: one word of a closed list.
type Reason string

// The reasons.
const (
	Malformed       Reason = "token_malformed"
	Encrypted       Reason = "token_encrypted"
	Algorithm       Reason = "token_algorithm"
	Type            Reason = "token_type"
	UnknownKey      Reason = "token_unknown_key"
	Signature       Reason = "token_signature"
	WrongIssuer     Reason = "token_issuer"
	WrongAudience   Reason = "token_audience"
	Expired         Reason = "token_expired"
	NotYetValid     Reason = "token_not_yet_valid"
	Lifetime        Reason = "token_lifetime"
	BadClaims       Reason = "token_claims"
	KeysUnavailable Reason = "keys_unavailable"
	Overloaded      Reason = "overloaded"
	Untrusted       Reason = "claims_untrusted"

	// Inactive and RevocationUnknown come from Introspect.
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

// ReasonOf returns the reason of an error of this package, "" for any other.
func ReasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}
