package policy

import "strings"

// Context answers what a condition key or a policy variable holds for one
// request. Keys are written as policies write them, prefix included:
// "aws:SourceIp", "jwt:sub", "s3:prefix". A nil Context holds nothing.
//
// An implementation must look its facts up under one exact name. MinIO's own
// engine reads the canonical form of a header first, so a client's header
// "Groups" beats the claim "groups" there; see ConditionNames.
type Context interface {
	Values(key string) []string
}

// manyValued tells the keys that may truly hold several values. Of every other
// key element 0 is MinIO's own word, and what follows was appended from the
// client's query string.
func manyValued(key string) bool {
	switch key {
	case "aws:groups", "ldap:groups", "s3:RequestObjectTagKeys":
		return true
	}
	return strings.HasPrefix(key, "jwt:") || isClaim(key)
}

// contested tells values of which none can be believed. The retention call
// sends object-lock facts under the plain name and a client may add a header of
// the same meaning; a PUT is the other way round. Nothing in a request says
// which of two different values is MinIO's (README, D8).
func contested(key string, found []string) bool {
	return len(found) > 1 && strings.HasPrefix(key, objectLock) && found[0] != found[1]
}

const objectLock = "s3:object-lock-"

// values reads a key. An empty list is the same as none.
func values(ctx Context, key string) []string {
	if ctx == nil {
		return nil
	}
	all := ctx.Values(key)
	if len(all) > 1 && !manyValued(key) && !contested(key, all) {
		return all[:1]
	}
	return all
}

// variable returns the value of a policy variable; empty if the variable is not set. Several values are
// no one value, so the variable is not set. MinIO takes the first value (README, D13).
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

// ConditionNames lists the names under which MinIO sends the value of a key in
// "conditions". Of a key with one value the first value of each name counts, of
// the others all. MinIO's own engine tries the canonical form of every name;
// only for keys that are headers is that form MinIO's own.
func ConditionNames(key string) []string {
	_, name, _ := strings.Cut(key, ":")
	switch {
	case strings.HasPrefix(name, "x-amz-"):
		return []string{canonicalHeader(name)}
	case strings.HasPrefix(name, "object-lock-"):
		// The retention call sends what it read from the body under the plain
		// name, other calls the header. Context.Values returns both where there
		// are both.
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
