package invariant

import (
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping/access"
)

// A test of a condition is unknown if it cannot read the value: a claim has another type than the operator needs,
// a text is no number, date or address, or two values of an object-lock key differ. An unknown test opens no Allow
// and stops no Deny. Three consequences:
//
//   - A Never needs no unknown values: an unknown test only denies more than a known one.
//   - An Always has a worst value for each key. If a request with some value is denied, the request with the worst
//     value is denied too, because every test that the worst value makes unknown denies. So an Always is decided by
//     the worst values, and no other value has to be tried.
//   - The exception is Null, which is about the presence of the key and is always known. So nil is tried, too.
//
// Keys of the request may have any text. The gateway passes on what MinIO sends and checks no text, and MinIO takes
// even the address from a header of the client.

// unknown is the value of a fact that no test of the key can read.
type unknown struct {
	claim any // the value of a claim. Any other key gets two values that contradict each other.
}

// worst returns the values to try of a key for an Always. values and complete are from candidates.
func worst(key string, tests []access.Test, values []any, complete bool) ([]any, bool) {
	some := func(is func(operator string) bool) bool {
		return slices.ContainsFunc(tests, func(t access.Test) bool { return is(unqualified(t.Operator)) })
	}
	switch {
	case onlyNull(tests):
		return values, complete
	case strings.HasPrefix(key, "s3:object-lock-"): // Null is unknown as well
		return []any{nil, unknown{}}, true
	case strings.HasPrefix(key, "claim:") && key != "claim:sub":
		return []any{nil, unknown{unreadableClaim(some)}}, true
	}
	// Any text can be read as a text. A list of texts can still be unknown to a negated operator with a qualifier;
	// candidates has lists of two.
	fresh := freshText(tests)
	if some(isText) || isSubject(key) || isGroups(key) {
		if some(func(operator string) bool { return !isText(operator) }) && !slices.Contains(values, any(fresh)) {
			values = append(values, fresh)
		}
		return values, complete
	}
	if alwaysSent(key) {
		return []any{fresh}, true
	}
	return []any{nil, fresh}, true
}

// unreadableClaim returns a value of a claim that no test and no policy variable can read.
func unreadableClaim(some func(is func(operator string) bool) bool) any {
	switch {
	case !some(func(operator string) bool { return strings.HasPrefix(operator, "Numeric") }):
		return 7
	case !some(func(operator string) bool { return operator == "Bool" }):
		return true
	}
	return []any{7, true}
}

func unqualified(operator string) string { return operator[strings.Index(operator, ":")+1:] }

func isText(operator string) bool {
	return strings.HasPrefix(operator, "String") || strings.HasPrefix(operator, "Binary")
}

func isSubject(key string) bool { return key == "jwt:sub" || key == "claim:sub" }

func isGroups(key string) bool { return key == "aws:groups" || key == "jwt:groups" }

// comparedTwice returns true if the tests read a text of the key both as a text and as something else. For example,
// the number 4 may be written 04, and 3 is below 4 and 5. candidates does not have all such texts.
func comparedTwice(key string, tests []access.Test) bool {
	return slices.ContainsFunc(tests, func(t access.Test) bool {
		operator := unqualified(t.Operator)
		typed := strings.HasPrefix(operator, "Numeric") || operator == "Bool" // of a claim: not a text
		return !isText(operator) && operator != "Null" && (!typed || !strings.HasPrefix(key, "claim:"))
	})
}
