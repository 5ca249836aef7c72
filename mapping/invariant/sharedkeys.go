package invariant

import (
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping/access"
	"github.com/claimgate/claimgate/mapping/policy"
)

// The search gives each key a value of its own. This file finds the keys for which that is wrong: two keys that read
// one claim or one value of the request, and keys whose value the Judge sets itself.

// reads returns the keys of the policy variables in the resources of the holder's policies, and the keys that the
// conditions test. Only statements about an action of the invariant count.
func (a *attempt) reads(h *holder) (resources, conditions []string) {
	var actions []string
	for _, on := range a.on {
		actions = append(actions, on.actions...)
	}
	for _, one := range slices.Concat(h.policies, h.guards) {
		variables, tested := a.symbolic.Reads(one.Granted, actions)
		resources, conditions = append(resources, variables...), append(conditions, tested...)
	}
	return resources, conditions
}

// oneValue makes the verdict Undecided if two keys that the holder's policies read share a value. The search gives
// each key a value of its own.
func (a *attempt) oneValue(h *holder) {
	variables, tested := a.reads(h)
	for _, f := range a.assumed {
		variables = append(variables, f.key)
	}
	all := slices.Concat(variables, tested)
	for _, key := range variables {
		for _, other := range all {
			if key != other && sameClaim(key, other) {
				a.undecide("policies of %s read both %s and %s, which are not independent", h.Name, key, other)
			}
		}
	}
	for _, key := range all {
		for _, other := range all {
			if key != other && !inToken(key) && !inToken(other) && slices.ContainsFunc(policy.ConditionNames(key), func(name string) bool {
				return slices.Contains(policy.ConditionNames(other), name)
			}) {
				a.undecide("policies of %s read both %s and %s, and MinIO sends one value for both", h.Name, key, other)
			}
		}
	}
}

// readTwice returns true if another test reads the claim of the key under another prefix: claim:email and jwt:email.
// The values of such keys are not independent.
func readTwice(key string, tests []access.Test) bool {
	path, ok := tokenPath(key)
	return ok && slices.ContainsFunc(tests, func(t access.Test) bool {
		other, too := tokenPath(t.Key)
		return too && other[0] == path[0] && !strings.EqualFold(prefixOf(key), prefixOf(t.Key))
	})
}

func prefixOf(key string) string { return key[:strings.Index(key, ":")+1] }

// sameClaim returns true if both keys read the same claim, or one reads a member of the claim that the other reads.
func sameClaim(key, other string) bool {
	x, ok := tokenPath(key)
	y, too := tokenPath(other)
	n := min(len(x), len(y))
	return ok && too && slices.Equal(x[:n], y[:n])
}

// tokenPath returns the path of the claim that the key reads. ok is false if the key reads no claim.
func tokenPath(key string) (path []string, ok bool) {
	prefix, name, _ := strings.Cut(key, ":")
	if prefix != "jwt" && prefix != "claim" {
		return nil, false
	}
	return policy.ClaimPath(name)
}

// overwritten returns true if the Judge sets the claim of the key itself, or makes the claim from the groups or the
// policies of an identity. Not every value of such a claim can be tried.
func (p *prover) overwritten(key string) bool {
	if setByJudge(key) {
		return true
	}
	path, ok := tokenPath(key)
	if !ok {
		return false
	}
	made := [][]string{p.Mapping.ClaimPath()}
	if !isGroups(key) { // the groups of an identity are tried
		made = append(made, p.GroupsPaths...)
	}
	return slices.ContainsFunc(made, func(o []string) bool {
		n := min(len(o), len(path))
		return slices.Equal(o[:n], path[:n])
	})
}
