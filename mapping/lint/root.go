package lint

import (
	"fmt"
	"strings"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
	"github.com/claimgate/claimgate/mapping/policy"
)

// copyActions lists two actions that are root-equivalent only together: a replication rule needs a target to
// copy to.
var copyActions = [2]string{"s3:PutReplicationConfiguration", "admin:SetBucketTarget"}

// rootEquivalent reports each granted policy that allows root-equivalent actions, once. The finding is at the
// statement, or for one of MinIO's own policies at the first rule that grants the policy. Actions that the
// policy itself or a guard denies do not count. consoleAdmin is meant to be root-equivalent and is not
// reported.
func (c *checker) rootEquivalent() {
	var guards []mapping.Granted
	for _, g := range c.m.Guards() {
		if h, ok := c.m.Policy(g.Policy, nil); ok {
			guards = append(guards, h)
		}
	}
	read := access.NewReader(nil)
	for _, p := range c.m.Policies() {
		at, granted := c.m.FirstGrant(p.Name())
		if !granted || p.Policy == nil || p.Name() == "consoleAdmin" {
			continue
		}
		actions, statement := rootActions(read, c.m, p.Name(), guards)
		if len(actions) == 0 {
			continue
		}
		fix := "leave the action to consoleAdmin, or add a [[guard]] that denies the action to everybody"
		if p.Canned {
			fix = fmt.Sprintf("keep the policy, and add a [[guard]] that denies %s to everybody: the holders of %s keep all other rights", strings.Join(actions, ", "), p.Name())
		} else {
			_, at, _ = c.m.StatementAt(p.Name(), statement)
		}
		c.at(mapping.CodeRootEquivalent, at, fmt.Sprintf("policy %q allows %s, which is root-equivalent", p.Name(), strings.Join(actions, ", ")), fix)
	}
}

// rootActions lists the root-equivalent actions that a policy allows, and the first statement that allows
// one of them.
func rootActions(read *access.Reader, m *mapping.Mapping, name string, guards []mapping.Granted) (actions []string, statement int) {
	h := withMadeUpCaptures(m, name)
	first := map[string]int{}
	for _, a := range read.AllowedBy(h, []mapping.Granted{h}, guards, append(policy.RootEquivalent(), copyActions[:]...)) {
		for _, action := range a.Actions {
			if i, known := first[action]; !known || a.Statement < i {
				first[action] = a.Statement
			}
		}
	}
	statement = len(h.Policy.Statements())
	for _, action := range policy.RootEquivalent() {
		if i, ok := first[action]; ok {
			actions, statement = append(actions, action), min(statement, i)
		}
	}
	i, copies := first[copyActions[0]]
	j, targets := first[copyActions[1]]
	if copies && targets {
		actions, statement = append(actions, copyActions[0]+" with "+copyActions[1]), min(statement, i, j)
	}
	return actions, statement
}

// withMadeUpCaptures returns a policy as somebody holds it, with a made-up capture for each ${group:x}
// variable.
func withMadeUpCaptures(m *mapping.Mapping, name string) mapping.Granted {
	h, _ := m.Policy(name, nil)
	vars := map[string]string{}
	for i, capture := range h.Policy.GroupVariables() {
		vars[capture] = fmt.Sprintf("captured%d", i)
	}
	h, _ = m.Policy(name, vars)
	return h
}

func (c *checker) at(code string, at policy.Position, message, fix string) {
	c.findings = append(c.findings, mapping.Finding{
		Code: code, Severity: severity, File: at.File, Line: at.Line, Column: at.Column, Message: message, Fix: fix,
	})
}
