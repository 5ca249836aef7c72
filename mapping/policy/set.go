package policy

import "sync/atomic"

// Grant is a policy that somebody holds. Vars are the captures of the group's name: Vars["bucket"] is the
// value of ${group:bucket}.
type Grant struct {
	Policy *Policy
	Vars   map[string]string
}

// Set is the union of grants, compiled for Evaluate. A nil Set and a Set without policies deny everything,
// also DenyOnly requests. A Set never changes and may be used by many goroutines.
type Set struct {
	grants        []Grant
	granted       bool // at least one grant has a policy
	denies        []entry
	allows        []entry
	known         actionSet // the known actions that some statement covers
	unconditional bool
	index         atomic.Pointer[index]
}

// An entry is one statement of one grant.
type entry struct {
	*statement
	grant  int
	number int // the statement's number within its policy
}

// Compile makes a Set of grants. A grant without a policy grants nothing, but counts in the numbering of
// Result.Grant.
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

// Unconditional reports whether answers depend only on the action, bucket, object and DenyOnly of a
// request, so that the caller may cache them.
func (s *Set) Unconditional() bool { return s == nil || s.unconditional }
