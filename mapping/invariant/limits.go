package invariant

import "slices"

// limits makes the verdict Undecided where the search could miss a counterexample: a pattern of groups has no made-up
// group, or no request could be judged. An invariant that is wrongly called proved is the worst answer.
func (a *attempt) limits() {
	if a.unmatched != "" {
		a.undecide("no made-up group could be found that matches the pattern %q as every other group does", a.unmatched)
	}
	if len(a.assumed) > 0 && a.questions > 0 && !a.judged {
		a.undecide("under these assumptions no request could be judged")
	}
}

// unmatchedPattern returns the pattern of a rule whose made-up group does not hold what the rule grants: the group is
// too long, or the pattern matches it with other captures. The result is empty if there is no such rule.
func (p *prover) unmatchedPattern() string {
	byName := map[string][]*holder{}
	for _, h := range p.holders {
		byName[h.Name] = append(byName[h.Name], h)
	}
	for _, r := range p.Mapping.Rules() {
		if r.Captures == nil || !r.Expires.IsZero() && !p.Now.Before(r.Expires) {
			continue
		}
		for _, h := range byName["group:"+r.Name] {
			if r.Issuer != "" && r.Issuer != h.issuer {
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
