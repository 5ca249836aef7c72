package access

import (
	"slices"

	"github.com/claimgate/claimgate/mapping"
)

// ReachesSlash returns true if a statement of the policy that covers an action of the list has a Resource or a
// NotResource with a policy variable and without a slash, such as ${claim:home}, near the region. Patterns read such
// a text as the name of a bucket, but the value of the variable may hold a slash, and so name an object.
func (r *Reader) ReachesSlash(h mapping.Granted, actions []string, on Region) bool {
	return slices.ContainsFunc(r.Statements(h), func(s Statement) bool {
		return slices.ContainsFunc(actions, s.Covers) && slices.ContainsFunc(s.Regions, func(p Region) bool {
			return slices.ContainsFunc(p.Except, Pattern.onlyBucket) || slices.ContainsFunc(p.In, func(g Pattern) bool {
				return g.onlyBucket() && !slices.ContainsFunc(on.In, func(h Pattern) bool { return prefixesDiffer(g[:len(g)-1], h) })
			})
		})
	})
}

// onlyBucket returns true if the pattern has a policy variable, and its only slash is the last symbol.
func (g Pattern) onlyBucket() bool { return g.hasVariable() && slices.Index(g, '/') == len(g)-1 }
