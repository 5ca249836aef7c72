package access

import (
	"slices"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
)

// AddsNothing returns true if the policy one makes no difference to a principal who holds the others, under the
// guards: the policy allows nothing that the others do not allow, and denies nothing that they allow.
func AddsNothing(one mapping.Granted, others, guards []mapping.Granted) bool {
	read := NewReader(nil)
	gather := func(held []mapping.Granted) (x Reach) {
		for _, h := range held {
			for _, s := range read.Statements(h) {
				if s.Deny {
					x.Denies = append(x.Denies, s)
				} else {
					x.Allows = append(x.Allows, s)
				}
			}
		}
		for _, h := range guards {
			x.Denies = append(x.Denies, denyStatements(read.Statements(h))...)
		}
		return x
	}
	before, after := gather(others), gather(append(slices.Clone(others), one))
	seen := map[string]bool{}
	for _, action := range policy.Actions() {
		s := SidesOf(before, after, action)
		if key := s.Key(); !seen[key] {
			seen[key] = true
			if len(s.Gained()) > 0 || len(s.DeniedBefore) != len(s.DeniedAfter) {
				return false
			}
		}
	}
	return true
}

// MayDeny returns true if the guard may deny something that the other policy allows. The result is always true
// for a guard that denies s3:DeleteObjectVersion, or a self-service action, which needs no Allow.
func MayDeny(guard, other mapping.Granted) bool {
	read := NewReader(nil)
	denies := denyStatements(read.Statements(guard))
	for _, action := range append(SelfService(), "s3:DeleteObjectVersion") {
		if len(Cover(denies, action)) > 0 {
			return true
		}
	}
	allows := slices.DeleteFunc(slices.Clone(read.Statements(other)), func(s Statement) bool { return s.Deny })
	for _, action := range policy.Actions() {
		for _, q := range Cover(denies, action) {
			for _, p := range Cover(allows, action) {
				for _, t := range Both(KindOf(action), p, q) {
					if !t.Empty() {
						return true
					}
				}
			}
		}
	}
	return false
}

// denyStatements returns the Deny statements of the list.
func denyStatements(list []Statement) []Statement {
	return slices.DeleteFunc(slices.Clone(list), func(s Statement) bool { return !s.Deny })
}
