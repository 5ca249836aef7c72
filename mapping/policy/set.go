package policy

import "sync/atomic"

// Grant is a policy that someone holds. Vars are what the pattern of a group's
// name captured: "bucket" is the value of ${group:bucket}.
type Grant struct {
	Policy *Policy
	Vars   map[string]string
}

// Set is the union of some grants, ready to be asked. A nil Set and a Set of
// no policies deny everything, self-service included. A Set never changes and may be used by many
// goroutines.
type Set struct {
	grants        []Grant
	granted       bool // one of them has a policy
	denies        []entry
	allows        []entry
	known         actionSet // the actions that a statement is about
	unconditional bool
	index         atomic.Pointer[index]
}

// An entry is one statement of one grant.
type entry struct {
	*statement
	grant  int
	number int // of the statement within its policy
}

// Compile makes a Set of grants. A grant without a policy is left out, but
// keeps its number.
func Compile(grants ...Grant) *Set {
	s := &Set{unconditional: true}
	for g, grant := range grants {
		s.grants = append(s.grants, grant)
		if grant.Policy == nil {
			continue
		}
		s.granted = true
		for i, st := range grant.Policy.statements {
			e := entry{st.bind(grant.Vars), g, i}
			s.known.join(e.known)
			s.unconditional = s.unconditional && !e.readsContext()
			if e.deny {
				s.denies = append(s.denies, e)
			} else {
				s.allows = append(s.allows, e)
			}
		}
	}
	return s
}

// Unconditional reports whether answers depend on action, bucket, object and
// denyOnly alone, so that they may be kept.
func (s *Set) Unconditional() bool { return s == nil || s.unconditional }
