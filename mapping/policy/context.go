package policy

import "strings"

// Context provides the values of condition keys and policy variables for one request. Keys are as in
// policies, with their prefix: "aws:SourceIp", "jwt:sub", "s3:prefix". A nil Context has no values. The
// values of a key "claim:NAME" are JSON texts; see README, D14.
//
// An implementation must look up each value under its exact name only; see ConditionNames. MinIO's own
// engine tries the canonical form of a header first, so there a client's header "Groups" wins over the
// claim "groups".
type Context interface {
	Values(key string) []string
}

// manyValued reports whether a key can have several values. For all other keys the first value comes from
// MinIO, and the following ones were added from the client's query string.
func manyValued(key string) bool {
	switch key {
	case "aws:groups", "ldap:groups", "s3:RequestObjectTagKeys":
		return true
	}
	return strings.HasPrefix(key, "jwt:") || isClaim(key)
}

// contradictory reports values of an object-lock key that contradict each other. The retention call sends the
// value under the plain name, and a client may add a header with the same meaning; for a PUT it is the
// other way round. Nothing in a request says which of two different values is MinIO's (README, D8).
func contradictory(key string, found []string) bool {
	return len(found) > 1 && strings.HasPrefix(key, objectLock) && found[0] != found[1]
}

const objectLock = "s3:object-lock-"

// values reads a key. An empty list means the same as no list.
func values(ctx Context, key string) []string {
	if ctx == nil {
		return nil
	}
	all := ctx.Values(key)
	if len(all) > 1 && !manyValued(key) && !contradictory(key, all) {
		return all[:1]
	}
	return all
}

// variable returns the value of a policy variable, or "" if the variable is not set. A variable with
// several values counts as not set. MinIO takes the first value (README, D13).
func variable(ctx Context, key string) string {
	all := values(ctx, key)
	if isClaim(key) {
		all, _ = claimTexts(all)
	}
	if len(all) != 1 {
		return ""
	}
	return all[0]
}

// ConditionNames lists the names under which MinIO sends the values of a key in "conditions". For a key
// with one value, only the first value of each name counts. MinIO's own engine also tries the canonical
// header form of every name; MinIO itself sends that form only for keys that are headers.
func ConditionNames(key string) []string {
	_, name, _ := strings.Cut(key, ":")
	switch {
	case strings.HasPrefix(name, "x-amz-"):
		return []string{canonicalHeader(name)}
	case strings.HasPrefix(name, "object-lock-"):
		// The retention call sends the value from the body under the plain name; other calls send
		// the header. Context.Values returns both if both are present.
		return []string{name, canonicalHeader(name)}
	}
	return []string{name}
}

func canonicalHeader(name string) string {
	words := strings.Split(name, "-")
	for i, word := range words {
		words[i] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, "-")
}
