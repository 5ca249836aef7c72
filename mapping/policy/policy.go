package policy

import (
	"slices"
	"strings"
)

// Version is the only version of the policy language. A document may leave it out.
const Version = "2012-10-17"

// Policy is one document that has been read without errors. It never changes. The zero value has no
// statement and grants nothing.
type Policy struct {
	name       string
	version    string
	id         string
	statements []*statement
}

// Name returns the name that was given to Parse.
func (p *Policy) Name() string { return p.name }

// Statement describes a statement as its author wrote it, for findings and reports.
type Statement struct {
	Sid          string
	Pos          Position
	Deny         bool
	Actions      []string
	NotActions   []string
	Resources    []string // with their "arn:..." prefix
	NotResources []string
	Conditions   []string // operators and keys, such as "StringLike aws:username"
	Reads        []string // the keys that conditions and variables read, sorted

	known actionSet
}

// Covers reports whether the Action or NotAction of the statement covers the action. It is false for an
// unknown action. The statement may still not apply, because of its resources and conditions.
func (s Statement) Covers(action string) bool {
	id, known := actionIDs[action]
	return known && s.known.has(id)
}

// Statements describes the policy's statements, in their order.
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

// reads returns the keys that the statement's conditions and variables read from a request.
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

// StatementInfo returns the Sid of statement i, from 0, which may be empty, and the position at which the
// statement begins. Both are zero if there is no such statement.
func (p *Policy) StatementInfo(i int) (sid string, pos Position) {
	if p == nil || i < 0 || i >= len(p.statements) {
		return "", Position{}
	}
	return p.statements[i].sid, p.statements[i].pos
}

// Unconditional reports whether the policy reads only the action, bucket, object and DenyOnly of a request:
// it has no conditions, and no variables except ${group:NAME}, which the grant fixes.
func (p *Policy) Unconditional() bool {
	return !slices.ContainsFunc(p.statements, (*statement).readsContext)
}

// GroupVariables lists the names of the ${group:NAME} variables in the policy, sorted. A variable that a
// grant does not capture has no value: it helps no Allow and stops no Deny.
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
