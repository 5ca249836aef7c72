package invariant

import (
	"slices"
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
