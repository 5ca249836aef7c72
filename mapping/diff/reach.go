package diff

import (
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
)

// reach is what someone may do under one mapping.
type reach struct {
	allows, denies []statement
	grants         bool // anything at all, which self-service needs
}

func (r *reader) reach(g *mapping.Grants) reach {
	x := reach{grants: !g.Empty()}
	for _, h := range g.Held() {
		for _, s := range r.statements(h) {
			if s.Deny {
				x.denies = append(x.denies, s)
			} else {
				x.allows = append(x.allows, s)
			}
		}
	}
	for _, h := range g.Guards() {
		for _, s := range r.statements(h) {
			if s.Deny {
				x.denies = append(x.denies, s)
			}
		}
	}
	return x
}

// grantors are the rules by which a region is allowed for an action; for a
// question that only a Deny decides, all.
func (r *reader) grantors(g *mapping.Grants, action, key string) []mapping.Rule {
	var rules []mapping.Rule
	for _, h := range g.Held() {
		allows := func(s statement) bool {
			return !s.Deny && s.Covers(action) && slices.ContainsFunc(s.regions, func(o region) bool { return o.key == key })
		}
		if slices.ContainsFunc(r.statements(h), allows) && !slices.Contains(rules, h.Rule) {
			rules = append(rules, h.Rule)
		}
	}
	if len(rules) == 0 {
		return g.Rules()
	}
	return rules
}

// sides are the regions that count for one action, before and after.
type sides struct {
	allowedBefore, deniedBefore, allowedAfter, deniedAfter []region
}

func cover(list []statement, action string) []region {
	var all []region
	for _, s := range list {
		if !s.Covers(action) {
			continue
		}
		for _, r := range s.regions {
			if !slices.ContainsFunc(all, func(o region) bool { return o.key == r.key }) {
				all = append(all, r)
			}
		}
	}
	return all
}

func (s *sides) key() string {
	var b strings.Builder
	for _, list := range [][]region{s.allowedBefore, s.deniedBefore, s.allowedAfter, s.deniedAfter} {
		for _, r := range list {
			b.WriteString(r.key + "\x02")
		}
		b.WriteString("\x03")
	}
	return b.String()
}

func (s *sides) reversed() *sides {
	return &sides{s.allowedAfter, s.deniedAfter, s.allowedBefore, s.deniedBefore}
}

// selfService are the actions that MinIO asks about with denyOnly, where
// whoever holds anything is allowed unless denied.
var selfService = []string{"admin:CreateServiceAccount", "admin:CreateUser", "admin:GetUser", "admin:ListServiceAccounts"}

// free is the region of a question that only a Deny decides.
func free(x reach) []region {
	if !x.grants {
		return nil
	}
	return []region{newRegion([]glob{everything}, nil, "")}
}

var actions = policy.Actions()
