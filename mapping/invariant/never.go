package invariant

import (
	"slices"

	"github.com/claimgate/claimgate/mapping/access"
)

// never searches for somebody who is not excepted and may do one of the actions. Rights only add up, and
// a group more only denies more, unless a guard spares the group. So each principal is looked at alone,
// then with one group that a guard spares, then with two.
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

// touches returns true if an Allow of the holder bears on the invariant.
func (a *attempt) touches(h *holder) bool {
	return slices.ContainsFunc(h.policies, func(one *held) bool { return a.about(one).met })
}

// spared returns the holder with each group that spares the holder a guard, if the guard bears on the
// invariant.
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
			a.undecide("guards spare too many sets of groups to look at all of them")
			return all
		}
		all = append(all, a.holder(h.With(&access.Principal{Name: "group:" + group, Groups: []string{group}}), h.issuer))
	}
	return all
}

// allowed searches for a request that is allowed to the holder.
func (a *attempt) allowed(h *holder) {
	for _, on := range a.on {
		for _, chance := range a.made.Chances(h.grants, on.actions, on.Region) {
			if a.allowedBy(h, &chance, on) {
				return
			}
		}
	}
}

// allowedBy searches for a request that one statement allows. Each action of the Chance has the same answers,
// so the first stands for all.
func (a *attempt) allowedBy(h *holder, chance *access.Chance, on part) bool {
	action := chance.Actions[0]
	list, complete := a.assignments(h, chance.Open, chance.Closed, false)
	sure := complete
	settled := false // refused where nothing but the statement's own condition can refuse
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
		a.undecide("%s may be allowed %s on %s, and no request was found that is", h.Name, action, on.text)
	}
	return false
}
