package policy

import (
	"strconv"
	"strings"

	"github.com/claimgate/claimgate/internal/strictjson"
)

// claimPrefix begins the condition keys and variables that read a claim of the verified token: claim:NAME,
// or claim:A/B for the member B of the claim A. In a name "~1" stands for a slash and "~0" for a tilde (RFC
// 6901 section 3), so each key has one meaning.
//
// A Context returns the values of such a key as JSON texts, because a claim has a type: "\"mfa\"", "3",
// "true". The only value of a claim that is neither a scalar nor a list of scalars is the text "{}".
const claimPrefix = "claim:"

// ClaimPath splits a key of the form NAME or A/B, without the prefix "claim:", into the names of the claim.
// ok is false if a name is empty or has an escape that RFC 6901 does not know.
func ClaimPath(key string) (path []string, ok bool) {
	for name := range strings.SplitSeq(key, "/") {
		unescaped := strings.ReplaceAll(strings.ReplaceAll(name, "~1", "/"), "~0", "~")
		if name == "" || strings.Count(name, "~") != strings.Count(name, "~0")+strings.Count(name, "~1") {
			return nil, false
		}
		path = append(path, unescaped)
	}
	return path, true
}

// ClaimKey is the inverse of ClaimPath: it returns the key, without the prefix, for the names of a claim.
func ClaimKey(path []string) string {
	names := make([]string, len(path))
	for i, name := range path {
		names[i] = strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
	}
	return strings.Join(names, "/")
}

func validClaimName(name string) bool {
	_, ok := ClaimPath(name)
	return ok && !strings.ContainsAny(name, "${}")
}

func isClaim(key string) bool { return strings.HasPrefix(key, claimPrefix) }

// claimTexts decodes the values of a claim as strings. ok is false if one of them is not a string.
func claimTexts(texts []string) (values []string, ok bool) {
	for _, text := range texts {
		doc, err := strictjson.Parse([]byte(text))
		if err != nil || doc.Root().Kind() != strictjson.String {
			return nil, false
		}
		values = append(values, doc.Root().Text())
	}
	return values, true
}

// claimHolds evaluates a condition on a claim. If the claim has another type than the operator needs, the
// result is maybe: no Allow applies, and no Deny is stopped. A text is never converted to a number, nor a
// number to a text.
func (c *condition) claimHolds(texts []string, ctx Context) ternary {
	switch c.function.kind {
	case nullFunction:
		return truth(c.wanted == (len(texts) == 0))
	case textFunction:
		values, ok := claimTexts(texts)
		if !ok {
			return maybe
		}
		return c.text(values, ctx)
	case numberFunction, dateFunction, boolFunction, addressFunction:
	}
	if len(texts) == 0 {
		return truth(c.function.ifExists)
	}
	if len(texts) > 1 {
		return maybe // the operator needs exactly one value
	}
	switch text := texts[0]; c.function.kind {
	case numberFunction:
		if n, err := strconv.Atoi(text); err == nil {
			return truth(c.function.compare(compareInts(n, c.number)))
		}
	case boolFunction:
		if text == "true" || text == "false" {
			return truth(c.wanted == (text == "true"))
		}
	case dateFunction:
		if values, ok := claimTexts(texts); ok {
			return c.date(values[0])
		}
	case textFunction, nullFunction, addressFunction:
	}
	return maybe
}
