package mapping

import (
	"slices"
	"sync"
	"time"

	"github.com/claimgate/claimgate/mapping/policy"
)

// Mapping is one loaded mapping.toml with its policies. It never changes: a reload makes a new Mapping. It
// may be used by many goroutines.
type Mapping struct {
	revision  string
	files     []string
	claimPath []string

	policies []*entry // MinIO's own, then the file's, in its order
	rules    []*rule
	claim    map[string]int   // policy name, folded -> rule
	groups   map[string][]int // exact name -> rules
	users    map[string][]int // subject -> rules
	accounts map[string]int   // access key -> rule
	patterns patternIndex

	guards     []*guard
	exceptions map[string][]int // group -> guards that do not bind it

	granted map[*entry]policy.Position // the place at which the first rule grants each policy

	sets    cache[*policy.Set]
	bundles cache[*bundle]

	accountGrants sync.Map // rule -> *Grants, at most one for each [[account]]
}

// Rule identifies a granting rule or a guard, and says where it is in the file.
type Rule struct {
	// Name is the group's name or pattern, the subject, the account, the name of the claim, or the name of
	// the guard.
	Name string
	// Kind is claim, group, user, account or guard.
	Kind string
	File string
	Line int
}

// rule is one rule that grants.
type rule struct {
	Rule
	issuer   string // empty: any issuer
	policies []*entry
	pattern  *pattern  // nil for a rule without match
	expires  time.Time // zero: never

	reason, owner string // for the reviewer
}

func (r *rule) active(now time.Time) bool { return r.expires.IsZero() || now.Before(r.expires) }

type guard struct {
	Rule
	issuer string // the issuer of the excepted groups; empty: any issuer
	policy *entry

	reason, owner string // for the reviewer
}

// Revision returns the SHA-256, in hexadecimal, over the mapping file and all policy files. It does not
// depend on the directory of the files.
func (m *Mapping) Revision() string { return m.revision }

// Files lists the files that the Revision covers: the mapping, then the policy files.
func (m *Mapping) Files() []string { return slices.Clone(m.files) }

// ClaimName returns the name of the claim that may grant policies. The name of a nested claim is its path
// joined with slashes, as policy.ClaimKey writes it.
func (m *Mapping) ClaimName() string {
	if len(m.claimPath) == 1 {
		return m.claimPath[0]
	}
	return policy.ClaimKey(m.claimPath)
}

// ClaimPath returns the path of the claim that may grant policies. The caller must not change the slice.
func (m *Mapping) ClaimPath() []string { return m.claimPath }

// Expiry says when a rule expires.
type Expiry struct {
	Rule Rule
	At   time.Time
}

// Expiries lists the rules that expire or have expired, in the order of Rules.
func (m *Mapping) Expiries() []Expiry {
	var list []Expiry
	for _, r := range m.rules {
		if !r.expires.IsZero() {
			list = append(list, Expiry{Rule: r.Rule, At: r.expires})
		}
	}
	return list
}

// patternIndex finds the patterns that a name may match. It looks up prefixes of the name among the literal
// prefixes of the patterns: one map lookup for each length of such a prefix.
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

// each visits the rules whose literal prefix begins the name.
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

// fold returns a policy name in lower case, for comparison. Only ASCII letters are changed, so that no
// letter of another script is taken for an ASCII letter.
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
