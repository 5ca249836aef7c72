package access

import (
	"slices"
	"strings"
)

// Sides are the regions that decide one action, before and after a change.
type Sides struct {
	AllowedBefore, DeniedBefore, AllowedAfter, DeniedAfter []Region

	Kind Kind // what the action is about
}

// SidesOf returns the sides for an action of what a principal holds before and after a change.
func SidesOf(before, after Reach, action string) *Sides {
	return &Sides{
		Cover(before.Allows, action), Cover(before.Denies, action), Cover(after.Allows, action), Cover(after.Denies, action), KindOf(action),
	}
}

// SelfServiceSides returns the sides for a self-service action, which only a Deny decides.
func SelfServiceSides(before, after Reach, action string) *Sides {
	return &Sides{before.Free(), Cover(before.Denies, action), after.Free(), Cover(after.Denies, action), KindOf(action)}
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

// Reversed returns the sides of the opposite change.
func (s *Sides) Reversed() *Sides {
	return &Sides{s.AllowedAfter, s.DeniedAfter, s.AllowedBefore, s.DeniedBefore, s.Kind}
}

// Gained returns what is allowed after the change and was not allowed before.
//
// With A for allowed and D for denied, and A' and D' after the change, the gain is A' - D' - (A - D).
// For a region P of A' the gain is P - D' - A, and for each Q of D the common part of P and Q - D'. A
// region of A' that is in A cancels the first. A region of D that is in D' cancels the second.
// Therefore unchanged regions are never compared with each other, whatever their conditions are.
func (s *Sides) Gained() []Term {
	var all []Term
	for _, p := range s.AllowedAfter {
		if !contains(s.AllowedBefore, p) {
			all = append(all, Without(TermsOf(s.Kind, p), s.DeniedAfter, s.AllowedBefore)...)
		}
		for _, q := range s.DeniedBefore {
			if !contains(s.DeniedAfter, q) {
				gained := Without(Both(s.Kind, p, q), s.DeniedAfter)
				if len(gained) == 0 { // where a variable is not set, the Deny took more
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
