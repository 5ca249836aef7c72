package access

import (
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping"
)

// readings returns the pattern. If the pattern has a variable and no slash but the last, readings adds the pattern
// without the last slash, because the value of the variable may hold a slash, and so name an object.
func (g Pattern) readings() []Pattern {
	if g.onlyBucket() {
		return []Pattern{g, g[:len(g)-1]}
	}
	return []Pattern{g}
}

// onlyBucket returns true if the pattern has a policy variable, and its only slash is the last symbol.
func (g Pattern) onlyBucket() bool { return g.hasVariable() && slices.Index(g, '/') == len(g)-1 }

// namesBucket returns true if a pattern names a bucket by a variable, and the kind is an object. Such a pattern stands
// for the values without a slash. readings has another pattern for the values with a slash.
func namesBucket(kind Kind, in []Pattern) bool {
	return kind == ObjectKind && slices.ContainsFunc(in, Pattern.onlyBucket)
}

// Reads returns the keys of the policy variables in the resources of the statements that cover an action of the list,
// and the keys that the conditions of these statements test.
func (r *Reader) Reads(h mapping.Granted, actions []string) (resources, conditions []string) {
	texts := h.Conditions()
	for i, s := range r.Statements(h) {
		if !slices.ContainsFunc(actions, s.Covers) {
			continue
		}
		for _, p := range s.Regions {
			for _, g := range append(slices.Clone(p.In), p.Except...) {
				for _, u := range r.Unknowns(g) {
					if u.Variable != "" {
						resources = append(resources, u.Variable)
					}
				}
			}
		}
		for _, t := range tests(texts[i]) {
			conditions = append(conditions, t.Key)
		}
		for _, part := range strings.Split(texts[i], "${")[1:] { // a variable in a value
			if key, _, found := strings.Cut(part, "}"); found && variables.known(key) {
				conditions = append(conditions, key)
			}
		}
	}
	return resources, conditions
}
