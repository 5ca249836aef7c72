package policy

import (
	"slices"
	"strings"
)

// Version is the only version of the language there is. A document may leave
// it out.
const Version = "2012-10-17"

// Policy is one document, read and found sound. It never changes. The zero
// value holds no statement and grants nothing.
type Policy struct {
	name       string
	version    string
	id         string
	statements []*statement
}

// Name is the name under which the document was loaded.
func (p *Policy) Name() string { return p.name }

// Statement is a statement as its author wrote it, for findings and reports.
type Statement struct {
	Sid          string
	Pos          Position
	Deny         bool
	Actions      []string
	NotActions   []string
	Resources    []string // with their "arn:..." prefix
	NotResources []string
	Conditions   []string // the operators and keys, "StringLike aws:username"
	Reads        []string // the keys of conditions and variables, sorted

	known actionSet
}

// Covers reports whether the action part of the statement takes in one of the
// known actions. Resources and conditions may still keep the statement from
// applying.
func (s Statement) Covers(action string) bool {
	id, known := actionIDs[action]
	return known && s.known.has(id)
}

// Statements describes the policy's statements in their order.
func (p *Policy) Statements() []Statement {
	all := make([]Statement, len(p.statements))
	for i, st := range p.statements {
		all[i] = Statement{
			Sid: st.sid, Pos: st.pos, Deny: st.deny, known: st.known,
			Resources: slices.Clone(st.resourceText), Conditions: st.conditionText(), Reads: st.reads(),
		}
		if st.notAction {
			all[i].NotActions = slices.Clone(st.actionText)
		} else {
			all[i].Actions = slices.Clone(st.actionText)
		}
		if st.notResource {
			all[i].Resources, all[i].NotResources = nil, all[i].Resources
		}
	}
	return all
}

// reads returns the keys that the statement reads of a request: those of conditions and variables.
func (st *statement) reads() []string {
	var keys []string
	for _, c := range st.conditions {
		keys = append(keys, c.key)
	}
	st.eachPattern(func(p *pattern) {
		for _, part := range p.parts {
			if part.key != "" && !strings.HasPrefix(part.key, groupVariable) {
				keys = append(keys, part.key)
			}
		}
	})
	slices.Sort(keys)
	return slices.Compact(keys)
}

// StatementInfo names statement i: its Sid, which may be empty, and where it
// begins. There is nothing to say of a number that is no statement's.
func (p *Policy) StatementInfo(i int) (sid string, pos Position) {
	if p == nil || i < 0 || i >= len(p.statements) {
		return "", Position{}
	}
	return p.statements[i].sid, p.statements[i].pos
}

// Unconditional reports whether the policy reads nothing of a request but its
// action, bucket, object and denyOnly: no condition, and no variable save those
// of a group's name, which the grant fixes.
func (p *Policy) Unconditional() bool {
	return !slices.ContainsFunc(p.statements, (*statement).readsContext)
}

// GroupVariables lists the names of the ${group:NAME} variables that the
// policy uses, sorted. A grant that does not capture one of them grants nothing
// where it is needed.
func (p *Policy) GroupVariables() []string {
	var names []string
	for _, st := range p.statements {
		st.eachPattern(func(p *pattern) {
			for _, part := range p.parts {
				if name, found := cutGroup(part.key); found {
					names = append(names, name)
				}
			}
		})
	}
	slices.Sort(names)
	return slices.Compact(names)
}
