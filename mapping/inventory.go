package mapping

import (
	"maps"
	"slices"
	"time"

	"github.com/claimgate/claimgate/mapping/policy"
)

// RuleInfo describes a rule that grants, with the author's reason and owner.
type RuleInfo struct {
	Rule
	Issuer        string   // empty: any issuer
	Captures      []string // the names of the pattern's captures; nil for a rule without match
	Policies      []string
	Reason, Owner string
	Expires       time.Time // zero: never
}

// GuardInfo describes a guard, with the author's reason and owner.
type GuardInfo struct {
	Rule
	Issuer        string // the issuer of the excepted groups; empty: any issuer
	Policy        string
	Except        []string // the groups that the guard does not bind, sorted
	Reason, Owner string
}

// PolicyInfo describes a policy that rules and guards may name.
type PolicyInfo struct {
	*policy.Policy
	Canned bool // one of MinIO's own policies
}

// Rules lists the rules that grant. The policies of [claim].allow come first, as one rule each; the other
// rules follow in the order groups, users, accounts, each in the order of the file.
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

// Policies lists MinIO's own policies, and then the policies of the file in its order.
func (m *Mapping) Policies() []PolicyInfo {
	list := make([]PolicyInfo, len(m.policies))
	for i, e := range m.policies {
		list[i] = PolicyInfo{Policy: e.Policy, Canned: e.doc == nil}
	}
	return list
}

// StatementAt returns the Sid and the place of statement i, from 0, of the named policy. ok is false if
// there is no such policy or statement.
func (m *Mapping) StatementAt(name string, i int) (sid string, at policy.Position, ok bool) {
	for _, e := range m.policies {
		if fold(e.Name()) == fold(name) && i >= 0 && i < len(e.Statements()) {
			sid, pos := e.StatementInfo(i)
			return sid, e.place.position(pos), true
		}
	}
	return "", policy.Position{}, false
}

// Policy returns the named policy as somebody with these captures holds it, with a zero Rule. ok is false
// if there is no such policy.
func (m *Mapping) Policy(name string, vars map[string]string) (h Granted, ok bool) {
	for _, e := range m.policies {
		if fold(e.Name()) == fold(name) {
			return Granted{Policy: e.Policy, Vars: vars, entry: e}, true
		}
	}
	return Granted{}, false
}

// FirstGrant returns the place at which the first rule, in the order of Rules, grants the named policy. ok
// is false if no rule grants it.
func (m *Mapping) FirstGrant(name string) (at policy.Position, ok bool) {
	for e, at := range m.granted {
		if fold(e.Name()) == fold(name) {
			return at, true
		}
	}
	return policy.Position{}, false
}
