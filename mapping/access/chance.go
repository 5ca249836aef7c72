package access

import (
	"slices"
	"strconv"
	"strings"

	"github.com/claimgate/claimgate/mapping"
)

// Chance is a part of a region that one Allow may allow: something is left after every Deny without a
// condition is taken away. Whether conditions hold is left open. A Chance tells package invariant which texts
// of variables and captures are worth trying.
//
// For example, the Allow on ${group:team}/* and a Deny with NotResource cats/* leave a Chance with
// ${group:team}/* in Open and cats/* in Closed. The two patterns together give the value cats for the capture.
type Chance struct {
	Actions []string  // the actions of the list that have the same chance
	Allow   string    // names the statement, and which of the statement's regions
	Open    []Pattern // the patterns with unknown texts of the Allow and of every Deny that covers the actions
	// Closed are the patterns without unknown texts of the region and of what a Deny spares. Every resource of
	// the part matches one of them.
	Closed []Pattern
}

// Chances returns the parts of the region on that the grants may allow, for the actions of the list.
func (r *Reader) Chances(g *mapping.Grants, actions []string, on Region) []Chance {
	denies := r.denies(g.Granted(), g.Guards())
	var all []Chance
	at := map[string]int{}
	for _, h := range g.Granted() {
		for i, s := range r.Statements(h) {
			if s.Deny || !slices.ContainsFunc(s.Regions, func(p Region) bool {
				return !slices.ContainsFunc(on.In, func(g Pattern) bool { return prefixesDiffer(p.In[0], g) })
			}) {
				continue
			}
			for _, action := range actions {
				if !s.Covers(action) {
					continue
				}
				kind, covering := KindOf(action), coveringOf(denies, action)
				for n, region := range s.Regions {
					key := strings.Join([]string{h.ID(), strconv.Itoa(i), strconv.Itoa(n), strconv.Itoa(int(kind)), numbersText(covering)}, "\x00")
					if known, ok := at[key]; ok {
						if known >= 0 {
							all[known].Actions = append(all[known].Actions, action)
						}
						continue
					}
					at[key] = -1
					if left := r.left(kind, region, regionFor(action, on), denies, covering); len(left.terms) > 0 {
						at[key] = len(all)
						all = append(all, Chance{[]string{action}, allowKey(h, i, n), openOf(region, denies, covering), closedOf(left.terms, on)})
					}
				}
			}
		}
	}
	return all
}

// allowKey names a region of a statement: the policy, the rule that grants the policy, and two indexes.
func allowKey(h mapping.Granted, statement, region int) string {
	return h.Policy.Name() + "\x00" + h.Rule.Kind + "\x00" + h.Rule.Name + "\x00" + strconv.Itoa(statement) + "\x00" + strconv.Itoa(region)
}

// openOf returns the patterns with unknown texts of a region and of the denies at the indexes covering, each
// once.
func openOf(region Region, denies []denied, covering []int) []Pattern {
	var all []Pattern
	seen := map[string]bool{}
	add := func(list []Pattern) {
		for _, g := range list {
			if key := g.Key(); g.Open() && !seen[key] {
				seen[key] = true
				all = append(all, g)
			}
		}
	}
	add(region.In)
	add(region.Except)
	for _, i := range covering {
		for _, q := range denies[i].Regions {
			add(q.In)
			add(q.Except)
		}
	}
	return all
}

// closedOf returns the patterns of the region on, and the patterns without unknown texts of the terms, each
// once.
func closedOf(terms []Term, on Region) []Pattern {
	all := slices.Clone(on.In)
	for _, t := range terms {
		for _, g := range t.In {
			if !g.Open() && !slices.ContainsFunc(all, func(o Pattern) bool { return slices.Equal(o, g) }) {
				all = append(all, g)
			}
		}
	}
	return all
}

// Open returns the patterns with unknown texts of all statements that cover the action.
func (r *Reader) Open(g *mapping.Grants, action string) []Pattern {
	denies := r.denies(g.Granted(), g.Guards())
	all := openOf(Region{}, denies, coveringOf(denies, action))
	for _, h := range g.Granted() {
		for _, s := range r.Statements(h) {
			for _, p := range s.Regions {
				if !s.Deny && s.Covers(action) {
					all = append(all, openOf(p, nil, nil)...)
				}
			}
		}
	}
	return all
}

// Meets returns true if a statement of the policy may apply to an action of the list on a resource of the
// region. Meets looks at Deny statements if deny is true, else at Allow statements.
func (r *Reader) Meets(h mapping.Granted, actions []string, on Region, deny bool) bool {
	for _, s := range r.Statements(h) {
		if s.Deny != deny {
			continue
		}
		near := slices.ContainsFunc(s.Regions, func(p Region) bool {
			return !slices.ContainsFunc(p.In, func(g Pattern) bool {
				return slices.ContainsFunc(on.In, func(h Pattern) bool { return prefixesDiffer(g, h) })
			})
		})
		if !near && !slices.ContainsFunc(actions, func(a string) bool { return regionFor(a, on).key != on.key }) {
			continue
		}
		asked := map[question]bool{} // actions with the same kind and region have the same answer
		for _, action := range actions {
			if !s.Covers(action) {
				continue
			}
			kind, on := KindOf(action), regionFor(action, on)
			if asked[question{kind, on.key}] {
				continue
			}
			asked[question{kind, on.key}] = true
			for _, p := range s.Regions {
				if deny {
					p = p.unset()
				}
				if slices.ContainsFunc(Both(kind, p, on), func(t Term) bool { return !t.Empty() }) {
					return true
				}
			}
		}
	}
	return false
}

// question is a kind of action and the key of the region that MinIO asks the kind about.
type question struct {
	kind Kind
	on   string
}

// cluster is the region of actions on the cluster.
var cluster = Everything()

// regionFor returns on for an s3 or kms action, and everything for any other action, because MinIO does not read
// the Resource for those.
func regionFor(action string, on Region) Region {
	if !strings.HasPrefix(action, "s3:") && !strings.HasPrefix(action, "kms:") {
		return cluster
	}
	return on
}

func coveringOf(denies []denied, action string) []int {
	var covering []int
	for n := range denies {
		if denies[n].Covers(action) {
			covering = append(covering, n)
		}
	}
	return covering
}

func numbersText(list []int) string {
	var b strings.Builder
	for _, n := range list {
		b.WriteString(strconv.Itoa(n) + ",")
	}
	return b.String()
}

// prefixesDiffer returns true if the patterns differ in a byte before the first wildcard or unknown text. Then
// they have no resource in common. prefixesDiffer is a fast form of disjoint that misses some pairs.
func prefixesDiffer(g, h Pattern) bool {
	for i := range min(len(g), len(h)) {
		if g[i] >= questionMark || h[i] >= questionMark {
			return false
		}
		if g[i] != h[i] {
			return true
		}
	}
	return false
}
