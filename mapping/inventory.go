package mapping

import (
	"maps"
	"slices"
	"time"

	"github.com/claimgate/claimgate/mapping/policy"
)

// RuleInfo is a rule that grants, with what its author wrote beside it.
type RuleInfo struct {
	Rule
	Issuer        string   // empty: any
	Captures      []string // of a group with match
	Policies      []string
	Reason, Owner string
	Expires       time.Time // zero: never
}

// GuardInfo is a guard, with what its author wrote beside it.
type GuardInfo struct {
	Rule
	Issuer        string // of the groups it excepts; empty: any
	Policy        string
	Except        []string // sorted
	Reason, Owner string
}

// PolicyInfo is a policy that the file may name.
type PolicyInfo struct {
	*policy.Policy
	Canned bool
}

// Rules lists the rules that grant, in the order of the file, the claim's
// policies one by one.
func (m *Mapping) Rules() []RuleInfo {
	list := make([]RuleInfo, len(m.rules))
	for i := range m.rules {
		list[i] = m.info(i)
	}
	return list
}

func (m *Mapping) info(i int) RuleInfo {
	r := m.rules[i]
	info := RuleInfo{Rule: r.Rule, Issuer: r.issuer, Reason: r.reason, Owner: r.owner, Expires: r.expires}
	if r.pattern != nil {
		info.Captures = slices.Clone(r.pattern.captures)
	}
	for _, e := range r.policies {
		info.Policies = append(info.Policies, e.Name())
	}
	return info
}

// Guards lists the guards in the order of the file.
func (m *Mapping) Guards() []GuardInfo {
	list := make([]GuardInfo, len(m.guards))
	for i, g := range m.guards {
		list[i] = GuardInfo{Rule: g.Rule, Issuer: g.issuer, Policy: g.policy.Name(), Reason: g.reason, Owner: g.owner}
	}
	for _, group := range slices.Sorted(maps.Keys(m.exceptions)) {
		for _, g := range m.exceptions[group] {
			list[g].Except = append(list[g].Except, group)
		}
	}
	return list
}

// Policies lists MinIO's own policies and then those of the file in its order.
func (m *Mapping) Policies() []PolicyInfo {
	list := make([]PolicyInfo, len(m.policies))
	for i, e := range m.policies {
		list[i] = PolicyInfo{Policy: e.Policy, Canned: e.doc == nil}
	}
	return list
}

// StatementAt returns the Sid and the place of statement i of a policy. ok is false if there is no such
// statement.
func (m *Mapping) StatementAt(name string, i int) (sid string, at policy.Position, ok bool) {
	for _, e := range m.policies {
		if fold(e.Name()) == fold(name) && i >= 0 && i < len(e.Statements()) {
			sid, pos := e.StatementInfo(i)
			return sid, e.place.position(pos), true
		}
	}
	return "", policy.Position{}, false
}

// Policy finds a policy by its name, as somebody would hold it with these
// captures.
func (m *Mapping) Policy(name string, vars map[string]string) (Granted, bool) {
	for _, e := range m.policies {
		if fold(e.Name()) == fold(name) {
			return Granted{Policy: e.Policy, Vars: vars, entry: e}, true
		}
	}
	return Granted{}, false
}

// FirstGrant returns where a rule grants the policy first. ok is false if no rule does.
func (m *Mapping) FirstGrant(name string) (at policy.Position, ok bool) {
	for e, at := range m.granted {
		if fold(e.Name()) == fold(name) {
			return at, true
		}
	}
	return policy.Position{}, false
}
