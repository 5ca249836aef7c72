package verifier

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"
)

// Outcome is how one check of an inspected token ended.
type Outcome string

// The outcomes. The zero Outcome is none of them.
const (
	Passed     Outcome = "pass"
	Failed     Outcome = "fail"
	NotReached Outcome = "not reached"
)

// Check is one step of the package comment, as it went for one token.
type Check struct {
	Name    string  `json:"check"`
	Asks    string  `json:"asks"`
	Outcome Outcome `json:"outcome"`
	Reason  Reason  `json:"reason,omitempty"`
	Detail  string  `json:"detail,omitempty"`
	Hint    string  `json:"fix,omitempty"`
}

// Inspection is what there is to say of one token.
type Inspection struct {
	// Header and Payload are the decoded parts, nil where they do not decode.
	// They are as the token says, whether it is good or not.
	Header, Payload []byte
	Checks          []Check
	// Identity is who the token speaks of; nil unless every check passed.
	Identity *Identity
}

// checks are the steps in their order, with the reasons they fail with.
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
	{"claims", "sub, exp, groups and policy are there and of their types", []Reason{BadClaims}},
	{"lifetime", "exp is at most max_lifetime after iat", []Reason{Lifetime}},
	{"time", "not expired, not from the future", []Reason{Expired, NotYetValid}},
}

// Inspect verifies a token as Verify does, without remembering it, and tells how
// each check went. It asks the same code in the same order, so it cannot say
// anything else than Verify would.
func (v *Verifier) Inspect(ctx context.Context, token string) Inspection {
	in := Inspection{}
	if parts := strings.Split(token, "."); len(token) <= v.maxToken && len(parts) == 3 {
		in.Header, in.Payload = part(parts[0]), part(parts[1])
	}
	f, err := v.check(ctx, token, v.pool)
	if err == nil {
		f.identity.Digest = sha256.Sum256([]byte(token))
		if err = f.source.issuer.judgeTime(&f.judged, v.now(), v.now(), 0); err == nil {
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

// part decodes one part of a token, nil where it does not decode.
func part(text string) []byte {
	if decoded, err := segment(text); err == nil {
		return decoded
	}
	return nil
}

// failedCheck is the index of the check that an error comes from, past the last
// one where there is none.
func failedCheck(f *verified, err *Error) int {
	if err == nil {
		return len(checks)
	}
	name := ""
	if f.key != nil && err.Reason == Type { // told by the claims, after the signature
		name = "purpose"
	}
	for n, c := range checks {
		if c.name == name || (name == "" && slices.Contains(c.reasons, err.Reason)) {
			return n
		}
	}
	return 0 // a reason of no check would be a defect: then nothing has passed
}
