package gateway

// Reason says why a request was allowed or denied. The list of reasons is closed. It is a contract
// with the readers of the decision log.
type Reason string

// The reasons that allow.
const (
	Owner       Reason = "owner"
	PolicyAllow Reason = "policy_allow"
	DenyOnly    Reason = "deny_only"
)

// The reasons that deny.
const (
	NoToken          Reason = "no_token"
	TokenAmbiguous   Reason = "token_ambiguous"
	TokenMalformed   Reason = "token_malformed"
	TokenEncrypted   Reason = "token_encrypted"
	TokenAlgorithm   Reason = "token_algorithm"
	TokenType        Reason = "token_type"
	TokenUnknownKey  Reason = "token_unknown_key"
	TokenSignature   Reason = "token_signature"
	TokenIssuer      Reason = "token_issuer"
	TokenAudience    Reason = "token_audience"
	TokenExpired     Reason = "token_expired"
	TokenNotYetValid Reason = "token_not_yet_valid"
	TokenLifetime    Reason = "token_lifetime"
	TokenClaims      Reason = "token_claims"
	TokenBinding     Reason = "token_binding"
	TokenRevoked     Reason = "token_revoked"
	// RevocationUnknown means that nobody could say whether the session has ended.
	RevocationUnknown  Reason = "revocation_unknown"
	KeysUnavailable    Reason = "keys_unavailable"
	ClaimsUntrusted    Reason = "claims_untrusted"
	NoPolicy           Reason = "no_policy"
	PolicyImplicitDeny Reason = "policy_implicit_deny"
	PolicyExplicitDeny Reason = "policy_explicit_deny"
	GuardDeny          Reason = "guard_deny"
	SessionPolicyDeny  Reason = "session_policy_deny"
	RequestMalformed   Reason = "request_malformed"
	CallerUnknown      Reason = "caller_unauthenticated"
	Overloaded         Reason = "overloaded"
	InternalError      Reason = "internal_error"
)

// Reasons lists every reason there is.
func Reasons() []Reason {
	return []Reason{
		Owner, PolicyAllow, DenyOnly,
		NoToken, TokenAmbiguous, TokenMalformed, TokenEncrypted, TokenAlgorithm, TokenType, TokenUnknownKey,
		TokenSignature, TokenIssuer, TokenAudience, TokenExpired, TokenNotYetValid, TokenLifetime, TokenClaims,
		TokenBinding, TokenRevoked, RevocationUnknown, KeysUnavailable, ClaimsUntrusted, NoPolicy, PolicyImplicitDeny,
		PolicyExplicitDeny, GuardDeny, SessionPolicyDeny, RequestMalformed, CallerUnknown, Overloaded, InternalError,
	}
}

// Allows reports whether the reason allows the request. Every other text denies, the empty one included.
func (r Reason) Allows() bool {
	return r == Owner || r == PolicyAllow || r == DenyOnly
}
