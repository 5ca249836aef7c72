package access

import (
	"slices"

	"github.com/claimgate/claimgate/mapping"
)

// Reach is what a principal holds under one mapping: the statements that allow and those that deny.
type Reach struct {
	Allows, Denies []Statement
	Grants         bool // the principal holds a policy, which self-service needs
}

// Reach gathers the statements of the policies and of the guards.
func (r *Reader) Reach(g *mapping.Grants) Reach {
	x := Reach{Grants: !g.Empty()}
	for _, h := range g.Granted() {
		for _, s := range r.Statements(h) {
			if s.Deny {
				x.Denies = append(x.Denies, s)
			} else {
				x.Allows = append(x.Allows, s)
			}
		}
	}
	for _, h := range g.Guards() {
		for _, s := range r.Statements(h) {
			if s.Deny {
				x.Denies = append(x.Denies, s)
			}
		}
	}
	return x
}

// Grantors returns the rules that grant the region with the key for the action. For a question that
// only a Deny decides, Grantors returns every rule.
func (r *Reader) Grantors(g *mapping.Grants, action, key string) []mapping.Rule {
	var rules []mapping.Rule
	for _, h := range g.Granted() {
		allows := func(s Statement) bool {
			return !s.Deny && s.Covers(action) && slices.ContainsFunc(s.Regions, func(o Region) bool { return o.key == key })
		}
		if slices.ContainsFunc(r.Statements(h), allows) && !slices.Contains(rules, h.Rule) {
			rules = append(rules, h.Rule)
		}
	}
	if len(rules) == 0 {
		return g.Rules()
	}
	return rules
}

// Cover returns the regions of the statements that cover the action, each once.
func Cover(list []Statement, action string) []Region {
	var all []Region
	for _, s := range list {
		if !s.Covers(action) {
			continue
		}
		for _, r := range s.Regions {
			if !slices.ContainsFunc(all, func(o Region) bool { return o.key == r.key }) {
				all = append(all, r)
			}
		}
	}
	return all
}

// SelfService lists the actions that MinIO asks about with denyOnly. Whoever holds a policy is allowed
// such an action unless a statement denies the action.
func SelfService() []string {
	return []string{"admin:CreateServiceAccount", "admin:CreateUser", "admin:GetUser", "admin:ListServiceAccounts"}
}

// Free returns the region of an action that only a Deny decides: everything, or nothing if the
// principal holds no policy.
func (x Reach) Free() []Region {
	if !x.Grants {
		return nil
	}
	return []Region{NewRegion([]Pattern{everything}, nil, "")}
}
