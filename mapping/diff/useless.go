package diff

import (
	"slices"

	"github.com/claimgate/claimgate/mapping"
)

// AddsNothing says that whoever holds the others, bound by the guards, may do no
// less without the one: it allows nothing more, and denies nothing that they
// allow.
func AddsNothing(one mapping.Held, others, guards []mapping.Held) bool {
	read := newReader(nil)
	gather := func(held []mapping.Held) (x reach) {
		for _, h := range held {
			for _, s := range read.statements(h) {
				if s.Deny {
					x.denies = append(x.denies, s)
				} else {
					x.allows = append(x.allows, s)
				}
			}
		}
		for _, h := range guards {
			x.denies = append(x.denies, denying(read.statements(h))...)
		}
		return x
	}
	before, after := gather(others), gather(append(slices.Clone(others), one))
	seen := map[string]bool{}
	for _, action := range actions {
		s := &sides{
			cover(before.allows, action), cover(before.denies, action), cover(after.allows, action), cover(after.denies, action),
		}
		if key := s.key(); !seen[key] {
			seen[key] = true
			if len(gained(s)) > 0 || len(s.deniedBefore) != len(s.deniedAfter) {
				return false
			}
		}
	}
	return true
}

// Bears says that a guard's policy denies something that the other allows, or a
// self-service question, which needs no Allow.
func Bears(guard, other mapping.Held) bool {
	read := newReader(nil)
	denies := denying(read.statements(guard))
	for _, action := range append(slices.Clone(selfService), "s3:DeleteObjectVersion") {
		if len(cover(denies, action)) > 0 {
			return true
		}
	}
	allows := slices.DeleteFunc(slices.Clone(read.statements(other)), func(s statement) bool { return s.Deny })
	for _, action := range actions {
		for _, q := range cover(denies, action) {
			for _, p := range cover(allows, action) {
				for _, t := range both(p, q) {
					if !t.empty() {
						return true
					}
				}
			}
		}
	}
	return false
}

func denying(list []statement) []statement {
	return slices.DeleteFunc(slices.Clone(list), func(s statement) bool { return !s.Deny })
}
