package mapping

import (
	"fmt"
	"slices"

	"github.com/claimgate/claimgate/mapping/policy"
)

func (l *loader) loadGuards() {
	seen := map[string]int{}
	for i := range l.raw.Guards {
		l.loadGuard(&l.raw.Guards[i], seen)
	}
}

func (l *loader) loadGuard(g *rawGuard, seen map[string]int) {
	if g.Name == "" {
		l.reportMissing(&g.Name, g, "the guard has no name", "write what it is for, such as \"backups are immutable\"")
	} else {
		l.checkDuplicate(seen, "guard", g.Name, "", &g.Name)
	}
	l.checkIssuer(&g.Issuer)
	if g.Policy == "" {
		l.reportMissing(&g.Policy, g, "the guard names no policy", "write policy = \"...\", a policy with Deny statements")
		return
	}
	e := l.find(&g.Policy, nil)
	if e == nil {
		return
	}
	if e.Policy != nil {
		l.checkGuardPolicy(g, e)
	}
	at := l.source.At(g)
	number := len(l.m.guards)
	l.m.guards = append(l.m.guards, &guard{Rule: Rule{Name: g.Name, Kind: "guard", File: at.File, Line: at.Line}, issuer: g.Issuer, policy: e, reason: g.Reason, owner: g.Owner})
	for i := range g.ExceptGroups {
		l.except(g, i, number)
	}
	l.lintExplained(g.Reason, g.Owner, g)
}

func (l *loader) except(g *rawGuard, i, number int) {
	group := &g.ExceptGroups[i]
	switch {
	case *group == "":
		l.reportMissing(group, g, "a group in except_groups has no name", "write the group's name, or remove the list element")
		return
	case slices.Contains(l.m.exceptions[*group], number):
		l.report(codeTwice, l.source.At(group), fmt.Sprintf("%q is in except_groups twice", *group), "remove one of them")
		return
	}
	l.checkVisible(group)
	l.m.exceptions[*group] = append(l.m.exceptions[*group], number)
}

// checkGuardPolicy reports a guard whose policy has no Deny statement. A guard grants nothing, so such a
// guard has no effect.
func (l *loader) checkGuardPolicy(g *rawGuard, e *entry) {
	at := l.source.At(&g.Policy)
	statements := e.Statements()
	allows := slices.ContainsFunc(statements, func(s policy.Statement) bool { return !s.Deny })
	if !slices.ContainsFunc(statements, func(s policy.Statement) bool { return s.Deny }) {
		l.report(codeGuardAllows, at, fmt.Sprintf("policy %q denies nothing, so it cannot guard", g.Policy),
			"name a policy with \"Effect\": \"Deny\" statements for what nobody may do")
	} else if allows {
		l.report(codeGuardExtra, at, fmt.Sprintf("policy %q also has Allow statements, which grant nothing in a guard", g.Policy),
			"keep only its Deny statements")
	}
}
