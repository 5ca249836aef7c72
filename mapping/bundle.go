package mapping

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/claimgate/claimgate/mapping/policy"
)

// entry is a policy of the mapping, canned or custom.
type entry struct {
	*policy.Policy
	number int      // position in the file; canned policies come first
	needs  []string // the names x of its ${group:x} variables
	place  documentStart
	doc    []byte // the document of a custom policy; nil for a canned policy
}

// grantedPolicy is a policy that somebody holds, with the first rule that grants the policy, in the order
// of Mapping.Rules.
type grantedPolicy struct {
	entry *entry
	vars  []string // the values for entry.needs, in its order
	rule  *rule
}

// bundle holds what a set of rules grants, compiled. Principals with equal rules and guards share a bundle.
type bundle struct {
	rules    []*rule
	held     []grantedPolicy
	set      *policy.Set // of held
	guards   []*guard
	guardSet *policy.Set // of guards; nil if there are none
}

func (m *Mapping) bundle(found []match, excepted []int) *bundle {
	b := &bundle{}
	for _, f := range found {
		r := m.rules[f.rule]
		if len(b.rules) == 0 || b.rules[len(b.rules)-1] != r {
			b.rules = append(b.rules, r)
		}
		for _, e := range r.policies {
			b.held = append(b.held, grantedPolicy{entry: e, vars: r.values(e.needs, f.vars), rule: r})
		}
	}
	slices.SortStableFunc(b.held, compareGrantedPolicies)
	b.held = slices.CompactFunc(b.held, func(a, b grantedPolicy) bool { return compareGrantedPolicies(a, b) == 0 })
	b.set = m.sets.get(grantedKey(b.held), func() *policy.Set {
		grants := make([]policy.Grant, len(b.held))
		for i, h := range b.held {
			grants[i] = policy.Grant{Policy: h.entry.Policy, Vars: h.variables()}
		}
		return policy.Compile(grants...)
	})

	var denies []policy.Grant
	key := []byte("guards")
	for i, g := range m.guards {
		if _, is := slices.BinarySearch(excepted, i); is {
			continue
		}
		b.guards = append(b.guards, g)
		denies = append(denies, policy.Grant{Policy: g.policy.Policy})
		key = binary.AppendUvarint(key, uint64(i))
	}
	if len(denies) > 0 {
		b.guardSet = m.sets.get(key, func() *policy.Set { return policy.Compile(denies...) })
	}
	return b
}

// values returns the captured texts for the names in needs. captured has all texts that the rule's pattern
// captured.
func (r *rule) values(needs, captured []string) []string {
	var values []string
	for _, name := range needs {
		values = append(values, captured[slices.Index(r.pattern.captures, name)])
	}
	return values
}

func (h grantedPolicy) variables() map[string]string {
	if len(h.vars) == 0 {
		return nil
	}
	vars := make(map[string]string, len(h.vars))
	for i, name := range h.entry.needs {
		vars[name] = h.vars[i]
	}
	return vars
}

func compareGrantedPolicies(a, b grantedPolicy) int {
	return cmp.Or(cmp.Compare(a.entry.number, b.entry.number), slices.Compare(a.vars, b.vars))
}

func grantedKey(list []grantedPolicy) []byte {
	key := []byte("grants")
	for _, h := range list {
		key = binary.AppendUvarint(key, uint64(h.entry.number))
		for _, v := range h.vars {
			key = binary.AppendUvarint(key, uint64(len(v)))
			key = append(key, v...)
		}
	}
	return key
}
