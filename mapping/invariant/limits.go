package invariant

import "slices"

// The search does not understand every policy. limits finds the policies that the search could read wrongly, and
// makes the verdict Undecided. limits looks only at how the policies are written, and finds too many rather than too
// few: an invariant that is wrongly called proved is the worst answer.
func (a *attempt) limits() {
	if a.unmatched != "" {
		a.undecide("no made-up group could be found that matches the pattern %q as every other group does", a.unmatched)
	}
	if len(a.assumed) > 0 && a.questions > 0 && !a.judged {
		a.undecide("under these assumptions no request could be judged")
	}
	holders := a.holders
	if a.invariant.Kind == Always {
		holders = slices.Clone(holders)
		for _, issuer := range a.tokenIssuers() {
			holders = append(holders, a.holder(a.principal(), issuer))
		}
	}
	known := map[int]bool{}
	spares := func(one *held) bool {
		found, is := known[one.number]
		if !is {
			found = slices.ContainsFunc(a.on, func(on part) bool { return a.symbolic.SparesUnknown(one.Granted, on.actions) })
			known[one.number] = found
		}
		return found
	}
	for _, h := range holders {
		n := slices.IndexFunc(h.policies, spares)
		policies := h.policies
		if n < 0 {
			if n, policies = slices.IndexFunc(h.guards, spares), h.guards; n < 0 {
				continue
			}
		}
		if a.invariant.Kind == Never {
			if id := a.identityOf(h, &assignment{}); !a.accepts(h) || a.excepted(&id) {
				continue
			}
		}
		a.undecide("policy %q has a NotResource with a variable and no slash; the value of the variable may hold a slash, so write VARIABLE/*", policies[n].Policy.Name())
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
