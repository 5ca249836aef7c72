package mapping

import (
	"slices"
	"sync"
	"time"

	"github.com/claimgate/claimgate/mapping/policy"
)

// Mapping is one loaded mapping.toml with its policies. It never changes: a
// reload makes another. It may be used by any number of goroutines.
type Mapping struct {
	revision  string
	files     []string
	claimPath []string

	policies []*entry // MinIO's own, then those of the file in its order
	rules    []*rule
	claim    map[string]int   // policy name, folded -> rule
	groups   map[string][]int // exact name -> rules
	users    map[string][]int // subject -> rules
	accounts map[string]int   // access key -> rule
	patterns patternIndex

	guards     []*guard
	exceptions map[string][]int // group -> guards that do not bind it

	granted map[*entry]policy.Position // where each policy is granted first

	sets    cache[*policy.Set]
	bundles cache[*bundle]

	ofAccounts sync.Map // rule -> *Grants, at most one for each [[account]]
}

// Rule is where a grant, or a guard, stands.
type Rule struct {
	// Name is the group's name or pattern, the subject, the account, the claim,
	// or the guard.
	Name string
	// Kind is claim, group, user, account or guard.
	Kind string
	File string
	Line int
}

// rule is one thing that grants.
type rule struct {
	Rule
	issuer   string // empty: any
	policies []*entry
	pattern  *pattern  // of a group with match
	expires  time.Time // zero: never

	reason, owner string // for the reviewer
}

func (r *rule) active(now time.Time) bool { return r.expires.IsZero() || now.Before(r.expires) }

type guard struct {
	Rule
	issuer string // of the groups it excepts; empty: any
	policy *entry

	reason, owner string // for the reviewer
}

// Revision is the SHA-256, in hexadecimal, of the mapping file and every policy
// file. It does not depend on where the files lie.
func (m *Mapping) Revision() string { return m.revision }

// Files lists the files whose change means another revision: the mapping, then
// the policy files.
func (m *Mapping) Files() []string { return slices.Clone(m.files) }

// ClaimName returns the name of the claim that may grant policies. A nested claim has the names of its
// path with slashes between them, as policy.ClaimKey writes them.
func (m *Mapping) ClaimName() string {
	if len(m.claimPath) == 1 {
		return m.claimPath[0]
	}
	return policy.ClaimKey(m.claimPath)
}

// ClaimPath returns the names that lead to the claim that may grant policies. The caller must not change
// them.
func (m *Mapping) ClaimPath() []string { return m.claimPath }

// Expiry is when a rule goes off.
type Expiry struct {
	Rule Rule
	At   time.Time
}

// Expiries lists the rules that expire, or have, in the order of the file.
func (m *Mapping) Expiries() []Expiry {
	var list []Expiry
	for _, r := range m.rules {
		if !r.expires.IsZero() {
			list = append(list, Expiry{Rule: r.Rule, At: r.expires})
		}
	}
	return list
}

// patternIndex finds the patterns a name may fit: by their literal beginning,
// one map lookup for each length such a beginning has.
type patternIndex struct {
	lengths  []int
	byPrefix map[string][]int
}

func (x *patternIndex) add(prefix string, rule int) {
	if x.byPrefix == nil {
		x.byPrefix = map[string][]int{}
	}
	x.byPrefix[prefix] = append(x.byPrefix[prefix], rule)
	if i, found := slices.BinarySearch(x.lengths, len(prefix)); !found {
		x.lengths = slices.Insert(x.lengths, i, len(prefix))
	}
}

func (x *patternIndex) each(name string, visit func(rule int)) {
	for _, n := range x.lengths {
		if n > len(name) {
			return
		}
		for _, rule := range x.byPrefix[name[:n]] {
			visit(rule)
		}
	}
}

// fold makes policy names comparable. ASCII only: no letter of another script
// may become one of these.
func fold(name string) string {
	for i := range len(name) {
		if 'A' <= name[i] && name[i] <= 'Z' {
			lower := []byte(name)
			for j, c := range lower {
				if 'A' <= c && c <= 'Z' {
					lower[j] = c + 'a' - 'A'
				}
			}
			return string(lower)
		}
	}
	return name
}
