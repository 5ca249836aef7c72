package invariant

import (
	"slices"

	"github.com/claimgate/claimgate/mapping/access"
)

// never searches for an identity that is not excepted and may do one of the actions. The rights of
// two groups are the sum of the rights of each. One more group can only add a Deny, unless a guard excepts the
// group. So never looks at each principal alone, then with one group that a guard excepts, then with two.
func (a *attempt) never() {
	wave := a.everybody
	for len(wave) > 0 {
		var next []*holder
		for _, h := range wave {
			if !a.accepts(h) || !a.touches(h) {
				continue
			}
			if id := a.identityOf(h, &assignment{}); a.excepted(&id) || !a.unseen(h) {
				continue
			}
			if a.allowed(h); a.found != nil {
				return
			}
			next = append(next, a.spared(h)...)
		}
		wave = next
	}
}

// touches returns true if an Allow of the holder may apply to the invariant.
func (a *attempt) touches(h *holder) bool {
	return slices.ContainsFunc(h.policies, func(one *held) bool { return a.about(one).met })
}

// spared returns the holder with one more group, for each group that lifts a guard from the holder. Guards
// whose Deny does not apply to the invariant are left out.
func (a *attempt) spared(h *holder) []*holder {
	if h.Account != "" {
		return nil
	}
	var groups []string
	for _, guard := range a.Mapping.Guards() {
		bears := func(one *held) bool { return one.Rule == guard.Rule && a.about(one).denies }
		if len(guard.Except) == 0 || guard.Issuer != "" && guard.Issuer != h.issuer || !slices.ContainsFunc(h.guards, bears) {
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

// allowed searches for a request that the holder is allowed.
func (a *attempt) allowed(h *holder) {
	for _, on := range a.on {
		for _, chance := range a.made.Chances(h.grants, on.actions, on.Region) {
			if a.allowedBy(h, &chance, on) {
				return
			}
		}
	}
}

// allowedBy searches for a request that one statement allows. The actions of a Chance have the same answers, so
// only the first is tried.
func (a *attempt) allowedBy(h *holder, chance *access.Chance, on part) bool {
	action := chance.Actions[0]
	list, complete := a.assignments(h, chance.Open, chance.Closed, false)
	sure := complete
	settled := false // a sample without any Deny was denied: the condition of the statement never holds
	for _, s := range list {
		id := a.identityOf(h, s)
		if a.excepted(&id) {
			continue
		}
		g := a.holds(&id)
		samples := a.real.Permitted(g, action, on.Region, value(&id, slices.Concat(a.assumed, s.facts)))
		found, all := a.try(id, action, samples.List, a.real.Tests(g, action, on.Region), s)
		if found {
			return true
		}
		sure = sure && samples.Sure && all
		free := slices.ContainsFunc(samples.List, func(sample access.Sample) bool { return sample.Free && sample.Allow == chance.Allow })
		settled = settled || free && all
	}
	if !sure && !settled {
		a.undecide("%s may be allowed %s on %s, and no tried request is", h.Name, action, on.text)
	}
	return false
}
