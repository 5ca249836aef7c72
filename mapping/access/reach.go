package access

import (
	"slices"

	"github.com/claimgate/claimgate/mapping"
)

// Reach is every statement that applies to a principal under one mapping: the Allow and Deny statements of the
// granted policies, and the Deny statements of the guards.
type Reach struct {
	Allows, Denies []Statement
	Grants         bool // the principal holds a policy; self-service needs one
}

// Reach returns the statements of the granted policies and of the guards.
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

// Grantors returns the rules that allow the action on the region with the key. If no statement does, as for a
// self-service action, Grantors returns every rule of the principal.
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

// Cover returns the regions of the statements whose Action or NotAction covers the action, each once.
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

// SelfService returns the actions that MinIO asks about with denyOnly. A principal who holds a policy is
// allowed such an action, unless a statement denies the action.
func SelfService() []string {
	return []string{"admin:CreateServiceAccount", "admin:CreateUser", "admin:GetUser", "admin:ListServiceAccounts"}
}

// SelfServiceRegions returns what a self-service action is allowed on before a Deny: everything, or nothing if
// the principal holds no policy.
func (x Reach) SelfServiceRegions() []Region {
	if !x.Grants {
		return nil
	}
	return []Region{NewRegion([]Pattern{everything}, nil, "")}
}
