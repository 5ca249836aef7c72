package access

import (
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping"
)

// SparesUnknown returns true if a statement of the policy that covers an action of the list has a NotResource with a
// policy variable and without a slash, such as ${claim:home}. Its Region excepts a bucket. But the value of the variable
// may hold a slash, and so name an object.
func (r *Reader) SparesUnknown(h mapping.Granted, actions []string) bool {
	return slices.ContainsFunc(r.Statements(h), func(s Statement) bool {
		return slices.ContainsFunc(s.Regions, func(p Region) bool { return slices.ContainsFunc(p.Except, Pattern.onlyBucket) }) &&
			slices.ContainsFunc(actions, s.Covers)
	})
}

// onlyBucket returns true if the pattern has a policy variable, and its only slash is the last symbol.
func (g Pattern) onlyBucket() bool { return g.hasVariable() && slices.Index(g, '/') == len(g)-1 }

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
