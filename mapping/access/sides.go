package access

import (
	"slices"
	"strings"
)

// Sides are the regions that decide one action for one principal, before and after a change.
type Sides struct {
	AllowedBefore, DeniedBefore, AllowedAfter, DeniedAfter []Region

	Kind Kind // the kind of the action
}

// SidesOf returns the regions of both Reaches that cover the action.
func SidesOf(before, after Reach, action string) *Sides {
	return &Sides{
		Cover(before.Allows, action), Cover(before.Denies, action), Cover(after.Allows, action), Cover(after.Denies, action), KindOf(action),
	}
}

// SelfServiceSides returns the Sides for a self-service action: only a Deny decides such an action.
func SelfServiceSides(before, after Reach, action string) *Sides {
	return &Sides{before.SelfServiceRegions(), Cover(before.Denies, action), after.SelfServiceRegions(), Cover(after.Denies, action), KindOf(action)}
}

// Key returns a text that is equal for equal sides.
func (s *Sides) Key() string {
	var b strings.Builder
	b.WriteByte(byte(s.Kind))
	for _, list := range [][]Region{s.AllowedBefore, s.DeniedBefore, s.AllowedAfter, s.DeniedAfter} {
		for _, r := range list {
			b.WriteString(r.key + "\x02")
		}
		b.WriteString("\x03")
	}
	return b.String()
}

// Reversed returns the Sides of the opposite change. What Reversed gains, the change loses.
func (s *Sides) Reversed() *Sides {
	return &Sides{s.AllowedAfter, s.DeniedAfter, s.AllowedBefore, s.DeniedBefore, s.Kind}
}

// Gained returns what is allowed after the change and was not allowed before.
//
// Let A be the allowed and D the denied regions before the change, and A' and D' those after. The gain is
// A' - D' - (A - D). A region P of A' gains in two ways:
//
//   - P - D' - A: the resources that no statement allowed. Nothing, if P is in A.
//   - (P and Q) - D' for each Q of D: the resources that Q denied. Nothing, if Q is in D'.
//
// So Gained does not compare an unchanged region with another unchanged region, and their conditions do not
// matter.
func (s *Sides) Gained() []Term {
	var all []Term
	for _, p := range s.AllowedAfter {
		if !contains(s.AllowedBefore, p) {
			all = append(all, Without(TermsOf(s.Kind, p), s.DeniedAfter, s.AllowedBefore)...)
		}
		for _, q := range s.DeniedBefore {
			if !contains(s.DeniedAfter, q) {
				gained := Without(Both(s.Kind, p, q), s.DeniedAfter)
				if len(gained) == 0 { // if a variable was not set, the Deny took more away
					gained = Without(Both(s.Kind, p, q.unset()), s.DeniedAfter)
				}
				all = append(all, gained...)
			}
		}
	}
	return Pruned(all)
}

func contains(list []Region, r Region) bool {
	return slices.ContainsFunc(list, func(o Region) bool { return o.key == r.key })
}
