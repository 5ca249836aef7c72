package invariant

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping/policy"
)

// claimOf returns the value of the claim with the key, without "claim:", or nil.
func claimOf(claims map[string]any, key string) any {
	path, ok := policy.ClaimPath(key)
	if !ok {
		return nil
	}
	var at any = claims
	for _, name := range path {
		object, _ := at.(map[string]any)
		at = object[name]
	}
	return at
}

// claimHas returns true if the claim is the text, or a list that contains the text.
func claimHas(claims map[string]any, key, text string) bool {
	switch v := claimOf(claims, key).(type) {
	case nil:
		return false
	case []string:
		return slices.Contains(v, text)
	default:
		return fmt.Sprint(v) == text
	}
}

// setClaim sets the claim with the key, without "claim:". Nested objects on the way are copied first.
func setClaim(claims map[string]any, key string, value any) {
	if path, ok := policy.ClaimPath(key); ok {
		policy.SetClaim(claims, path, value)
	}
}

// fact is the value of a condition key or of a policy variable. A nil value means that the key is not set.
type fact struct {
	key   string
	value any // string, []string, int, bool, unknown, or nil
}

// inToken returns true if the value of the key is in the token. The value of any other key is in the request.
func inToken(key string) bool {
	return strings.HasPrefix(key, "jwt:") || strings.HasPrefix(key, "claim:") || key == "aws:groups"
}

// judgeClaims are the claims that the Judge sets itself. The Judge ignores their values in an identity.
var judgeClaims = []string{"iss", "aud", "azp", "exp", "iat", "nbf", "act", "cnf", "events"}

// setByJudge returns true if the Judge sets the claim of the key itself. The values of such a claim cannot be tried.
func setByJudge(key string) bool {
	prefix, name, _ := strings.Cut(key, ":")
	path, ok := policy.ClaimPath(name)
	return ok && (prefix == "jwt" || prefix == "claim") && slices.Contains(judgeClaims, path[0])
}

// withFacts returns the identity and the request with the facts. ok is false if no token can have the facts.
func withFacts(id Identity, req Request, facts []fact) (Identity, Request, bool) {
	id.Claims, id.Groups = maps.Clone(id.Claims), slices.Clone(id.Groups)
	req.Conditions = maps.Clone(req.Conditions)
	if req.Conditions == nil {
		req.Conditions = map[string][]string{}
	}
	for _, f := range facts {
		if inToken(f.key) {
			if f.value != nil && (id.Account != "" || !addToToken(&id, f)) {
				return id, req, false
			}
			continue
		}
		names := policy.ConditionNames(f.key)
		for _, name := range names {
			delete(req.Conditions, name)
		}
		switch v := f.value.(type) {
		case nil:
		case unknown: // two values that contradict each other
			req.Conditions[names[0]], req.Conditions[names[len(names)-1]] = []string{freshPrefix}, []string{freshPrefix + "2"}
		case []string:
			req.Conditions[names[len(names)-1]] = v
		default:
			req.Conditions[names[len(names)-1]] = []string{fmt.Sprint(v)}
		}
	}
	return id, req, true
}

// addToToken adds a fact to the token of the identity. The result is false if no token can have the fact.
func addToToken(id *Identity, f fact) bool {
	if id.Claims == nil {
		id.Claims = map[string]any{}
	}
	prefix, name, _ := strings.Cut(f.key, ":")
	list, _ := f.value.([]string)
	if text, ok := f.value.(string); ok {
		list = []string{text}
	}
	switch {
	case name == "groups" && prefix != "claim":
		for _, group := range list {
			if !slices.Contains(id.Groups, group) {
				id.Groups = append(id.Groups, group)
			}
		}
		return true
	case name == "sub":
		if len(list) != 1 || list[0] == "" {
			return false
		}
		id.Subject = list[0]
		return true
	case setByJudge(f.key):
		return false
	case prefix == "claim":
		value := f.value
		if u, ok := value.(unknown); ok {
			if _, object := claimOf(id.Claims, name).(map[string]any); object { // a fact about a member has made the object
				return true
			}
			value = u.claim
		}
		setClaim(id.Claims, name, value)
	default:
		id.Claims[name] = f.value
	}
	return true
}
