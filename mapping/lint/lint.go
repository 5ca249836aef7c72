// Package lint finds problems of a mapping that need a comparison of policies, such as grants that add
// nothing and guards that guard nothing. mapping.Load finds the problems that the text of the mapping
// shows.
package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
)

// severity is the severity of all findings of this package.
const severity = finding.Warning

// Check returns the findings about a loaded mapping, sorted by place. All are warnings.
func Check(m *mapping.Mapping) []mapping.Finding {
	c := checker{m: m, known: map[string]bool{}}
	c.rootEquivalent()
	c.applies()
	c.keys()
	c.grants()
	c.guards()
	finding.Sort(c.findings)
	return c.findings
}

type checker struct {
	m        *mapping.Mapping
	known    map[string]bool // results of addsNothing
	findings []mapping.Finding
}

func (c *checker) report(code string, r mapping.Rule, message, fix string) {
	c.findings = append(c.findings, mapping.Finding{
		Code: code, Severity: severity, File: r.File, Line: r.Line, Column: 1, Message: message, Fix: fix,
	})
}

// grants reports policies of a rule that the rule's other policies contain. Guards with except_groups are
// ignored: for the excepted groups the policy may add something.
func (c *checker) grants() {
	var always []mapping.Granted
	for _, g := range c.m.Guards() {
		if h, ok := c.m.Policy(g.Policy, nil); ok && len(g.Except) == 0 {
			always = append(always, h)
		}
	}
	for _, r := range c.m.Rules() {
		if len(r.Policies) < 2 && len(always) == 0 {
			continue
		}
		vars := map[string]string{}
		for i, capture := range r.Captures {
			vars[capture] = fmt.Sprintf("captured%d", i) // any name will do, if all policies of the rule get the same
		}
		for i, name := range r.Policies {
			if c.addsNothing(r.Policies, i, vars, always) {
				because := "the other policies of the rule allow all of it"
				if len(r.Policies) == 1 {
					because = "guards deny all of it"
				}
				c.report(mapping.CodeAddsNothing, r.Rule, fmt.Sprintf("policy %q adds nothing to %s %q: %s", name, r.Kind, r.Name, because),
					"remove the policy from policies, or correct what it should add")
			}
		}
	}
}

func (c *checker) addsNothing(names []string, i int, vars map[string]string, guards []mapping.Granted) bool {
	key := fmt.Sprintf("%d %s %d", i, strings.Join(names, "\x00"), len(vars))
	if known, ok := c.known[key]; ok {
		return known
	}
	one, found := c.m.Policy(names[i], vars)
	var others []mapping.Granted
	for j, name := range names {
		if h, ok := c.m.Policy(name, vars); ok && j != i {
			others = append(others, h)
		}
	}
	c.known[key] = found && len(one.Policy.Statements()) > 0 && access.AddsNothing(one, others, guards)
	return c.known[key]
}

// guards reports guards that deny nothing that a rule grants.
func (c *checker) guards() {
	var granted []string
	captures := map[string]string{}
	for _, r := range c.m.Rules() {
		for _, name := range r.Policies {
			if !slices.Contains(granted, name) {
				granted = append(granted, name)
			}
		}
		for _, capture := range r.Captures {
			captures[capture] = "*" // the capture can be any name
		}
	}
	for _, g := range c.m.Guards() {
		guard, ok := c.m.Policy(g.Policy, nil)
		if !ok {
			continue
		}
		mayDeny := slices.ContainsFunc(granted, func(name string) bool {
			h, ok := c.m.Policy(name, captures)
			return ok && access.MayDeny(guard, h)
		})
		if !mayDeny {
			c.report(mapping.CodeGuardsNothing, g.Rule, fmt.Sprintf("guard %q guards nothing: no rule grants what it denies", g.Name),
				"correct the actions and resources of its policy, unless the guard is for future grants")
		}
	}
}
