package invariant

import (
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping/policy"
)

// The search does not understand every policy. limits finds the policies that the search could read wrongly, and
// makes the verdict Undecided. limits looks only at how the policies are written, and finds too many rather than too
// few: an invariant that is wrongly called proved is the worst answer.
func (a *attempt) limits() {
	about := func(list []*held) {
		for _, one := range list {
			for _, on := range a.on {
				if a.symbolic.ReachesSlash(one.Granted, on.actions, on.Region) {
					a.undecide("policy %q has a resource with a variable and no slash; the variable may hold a slash, so write VARIABLE/*", one.Policy.Name())
				}
			}
		}
	}
	if a.unmatched != "" {
		a.undecide("no made-up group could be found that matches the pattern %q as every other group does", a.unmatched)
	}
	if len(a.assumed) > 0 && a.questions > 0 && !a.judged {
		a.undecide("under these assumptions no request could be judged")
	}
	holders := a.holders
	if a.invariant.Kind == Always {
		for _, issuer := range a.tokenIssuers() {
			holders = append(slices.Clone(holders), a.holder(a.principal(), issuer))
		}
	}
	for _, h := range holders {
		if a.invariant.Kind == Never {
			if id := a.identityOf(h, &assignment{}); !a.accepts(h) || a.excepted(&id) {
				continue
			}
		}
		about(h.policies)
		about(h.guards)
	}
}

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

// unusedTexts returns freshTexts, with letters added until no resource of a policy or of an invariant contains them.
func (p *prover) unusedTexts(list []Invariant) []string {
	var used []string
	for _, i := range list {
		used = append(used, i.Resources...)
	}
	for _, one := range p.Mapping.Policies() {
		for _, s := range one.Statements() {
			used = append(append(used, s.Resources...), s.NotResources...)
		}
	}
	all := strings.ToLower(strings.Join(used, "\n"))
	fresh := slices.Clone(freshTexts)
	for i := range fresh {
		for strings.Contains(all, strings.ToLower(fresh[i])) {
			fresh[i] += fresh[i][len(fresh[i])-1:]
		}
	}
	return fresh
}

// unmatchedPattern returns the pattern of a rule whose made-up group does not hold what the rule grants: the group is
// too long, or the pattern matches it with other captures. The result is empty if there is no such rule.
func (p *prover) unmatchedPattern() string {
	for _, r := range p.Mapping.Rules() {
		if r.Captures == nil || !r.Expires.IsZero() && !p.Now.Before(r.Expires) {
			continue
		}
		for _, h := range p.holders {
			if h.Name != "group:"+r.Name || r.Issuer != "" && r.Issuer != h.issuer {
				continue
			}
			for _, name := range r.Policies {
				if !slices.ContainsFunc(h.policies, func(one *held) bool { return one.Policy.Name() == name && h.capturesWhole(one) }) {
					return r.Name
				}
			}
		}
	}
	return ""
}

// capturesWhole returns true if each capture of the policy is the whole placeholder for that capture.
func (h *holder) capturesWhole(one *held) bool {
	for name, text := range one.Vars {
		if h.Show(text) != "{"+name+"}" {
			return false
		}
	}
	return true
}
