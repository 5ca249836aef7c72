package verifier

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/claimgate/claimgate/verifier/internal/base64url"
)

// Outcome is the outcome of one check of an inspected token.
type Outcome string

// The outcomes. The zero Outcome is none of them.
const (
	Passed     Outcome = "pass"
	Failed     Outcome = "fail"
	NotReached Outcome = "not reached"
)

// Check is one check of a token and its outcome. The checks divide the steps of the
// package comment further. Reason, Detail and Hint are those of the Error, if Outcome is
// Failed.
type Check struct {
	Name    string  `json:"check"`
	Asks    string  `json:"asks"` // what the check requires
	Outcome Outcome `json:"outcome"`
	Reason  Reason  `json:"reason,omitempty"`
	Detail  string  `json:"detail,omitempty"`
	Hint    string  `json:"fix,omitempty"`
}

// Inspection is the result of Inspect.
type Inspection struct {
	// Header and Payload are the decoded parts of the token, also of a bad token; nil if a
	// part does not decode.
	Header, Payload []byte
	// Checks holds every check, in the order in which they run.
	Checks []Check
	// Identity is the identity that the token names; nil unless every check passed.
	Identity *Identity
}

// checks are the checks in the order in which they run, with the reasons of their errors.
var checks = []struct {
	name, asks string
	reasons    []Reason
}{
	{"format", "three parts of canonical base64url, strict JSON, no critical extension, a kid", []Reason{Malformed, Encrypted}},
	{"algorithm", "alg is asymmetric and among the issuer's algorithms", []Reason{Algorithm}},
	{"type", "typ is JWT, at+jwt or absent", []Reason{Type}},
	{"issuer", "iss is a configured issuer, byte for byte", []Reason{WrongIssuer}},
	{"key", "the issuer's key set has a signing key with this kid", []Reason{UnknownKey, KeysUnavailable, Overloaded}},
	{"signature", "the signature fits the key", []Reason{Signature}},
	{"purpose", "no logout token, not bound to a key, not delegated unless allowed", nil},
	{"audience", "aud, and azp if present, fit the audiences", []Reason{WrongAudience}},
	{"claims", "sub and exp are present, and sub, exp, groups and policy have the right types", []Reason{BadClaims}},
	{"lifetime", "exp is at most max_lifetime after iat", []Reason{Lifetime}},
	{"time", "not expired, not from the future", []Reason{Expired, NotYetValid}},
}

// Inspect verifies a token as Verify does, without the cache, and reports each check.
// Verify and Inspect run the same code in the same order.
func (v *Verifier) Inspect(ctx context.Context, token string) Inspection {
	in := Inspection{}
	if parts := strings.Split(token, "."); len(token) <= v.maxToken && len(parts) == 3 {
		in.Header, in.Payload = part(parts[0]), part(parts[1])
	}
	f, err := v.check(ctx, token, v.credentials.pool)
	if err == nil {
		f.identity.Digest = sha256.Sum256([]byte(token))
		if err = f.issuer.config.judgeTime(&f.judged, v.now(), v.now(), 0); err == nil {
			in.Identity = &f.identity
		}
	}
	failed := failedCheck(f, err)
	for n, c := range checks {
		check := Check{Name: c.name, Asks: c.asks, Outcome: Passed}
		switch {
		case n > failed:
			check.Outcome = NotReached
		case n == failed:
			check.Outcome, check.Reason, check.Detail, check.Hint = Failed, err.Reason, err.Detail, err.Hint
		}
		in.Checks = append(in.Checks, check)
	}
	return in
}

// part decodes one part of a token. It returns nil if the part does not decode.
func part(text string) []byte {
	if decoded, err := base64url.Decode(text); err == nil {
		return decoded
	}
	return nil
}

// failedCheck returns the index of the check that failed, or the number of checks if
// err is nil.
func failedCheck(f *verified, err *Error) int {
	if err == nil {
		return len(checks)
	}
	name := ""
	if f.key != nil && err.Reason == Type { // the claims were judged, after the signature
		name = "purpose"
	}
	for n, c := range checks {
		if c.name == name || (name == "" && slices.Contains(c.reasons, err.Reason)) {
			return n
		}
	}
	return 0 // a reason without a check is a defect: report that no check has passed
}
