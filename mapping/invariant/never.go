package invariant

import (
	"slices"

	"github.com/claimgate/claimgate/mapping/access"
)

// never searches for an identity that is not excepted and may do one of the actions. The rights of two groups
// are the sum of the rights of each, minus what a Deny of either takes away. Only a group that a guard excepts
// brings more. So never looks at each principal alone, then with one such group, then with two, and so on.
// Values that a condition cannot read are not tried: an unknown test opens no Allow and stops no Deny.
func (a *attempt) never() {
	level := a.holders
	for len(level) > 0 {
		var next []*holder
		for _, h := range level {
			if !a.accepts(h) || !a.mayAllow(h) {
				continue
			}
			if id := a.identityOf(h, &assignment{}); a.excepted(&id) || !a.isNew(h) {
				continue
			}
			if a.findAllowed(h); a.found != nil {
				return
			}
			next = append(next, a.spared(h)...)
		}
		level = next
	}
}

// mayAllow returns true if an Allow of the holder may apply to the invariant.
func (a *attempt) mayAllow(h *holder) bool {
	return slices.ContainsFunc(h.policies, func(one *held) bool { return a.relevance(one).allows })
}

// spared returns the holder with one more group, for each group that lifts a guard from the holder. Guards
// whose Deny does not apply to the invariant are left out.
func (a *attempt) spared(h *holder) []*holder {
	if h.Account != "" {
		return nil
	}
	var groups []string
	for _, guard := range a.Mapping.Guards() {
		denies := func(one *held) bool { return one.Rule == guard.Rule && a.relevance(one).denies }
		if len(guard.Except) == 0 || guard.Issuer != "" && guard.Issuer != h.issuer || !slices.ContainsFunc(h.guards, denies) {
			continue
		}
		groups = append(groups, guard.Except...)
	}
	slices.Sort(groups)
	var all []*holder
	for _, group := range slices.Compact(groups) {
		if slices.ContainsFunc(a.invariant.Except, func(w Who) bool { return w.Kind == "group" && w.Name == group }) {
			continue
		}
		if a.together++; a.together > maxTogether {
			a.undecide("guards except too many sets of groups to try them all")
			return all
		}
		all = append(all, a.holder(h.With(&access.Principal{Name: "group:" + group, Groups: []string{group}}), h.issuer))
	}
	return all
}

// findAllowed searches for a request that the holder is allowed.
func (a *attempt) findAllowed(h *holder) {
	a.oneValue(h)
	for _, on := range a.on {
		for _, chance := range a.symbolic.Chances(h.grants, on.actions, on.Region) {
			if a.findAllowedBy(h, &chance, on) {
				return
			}
		}
	}
}

// findAllowedBy searches for a request that one statement allows. The actions of a Chance have the same answers, so
// only the first is tried.
func (a *attempt) findAllowedBy(h *holder, chance *access.Chance, on part) bool {
	action := chance.Actions[0]
	list, sure := a.assignments(h, chance.Open, chance.Closed, false)
	settled := false // a sample without any Deny was denied: the condition of the statement never holds
	found := a.tryAll(h, list, action, on, a.concrete.Permitted, func(samples access.Samples, all bool) {
		sure = sure && samples.Sure && all
		free := slices.ContainsFunc(samples.List, func(sample access.Sample) bool { return sample.Free && sample.Allow == chance.Allow })
		settled = settled || free && all
	})
	if !found && !sure && !settled {
		a.missed(h, "allowed", action, on)
	}
	return found
}
