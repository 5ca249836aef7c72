package access

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/claimgate/claimgate/mapping"
)

// Principal stands for everybody whom one rule of a mapping names. A rule for a group pattern has principals in
// a made-up group that matches the pattern: each capture is a placeholder.
type Principal struct {
	Name     string // "group:NAME", "user:SUBJECT", "account:NAME", "claim:NAME=POLICY"
	Groups   []string
	Together bool              // the principal is two principals at once; see With
	shown    map[string]string // the text to show for each placeholder, such as {bucket}

	Subject, Account string // of a user rule, of an account rule
	Claim, Policy    string // of a claim rule: the name of the claim, and the policy that the claim names
}

// Holds returns the grants of the principal at the time now. The issuer is the name of the issuer of the
// principal's token. An account has no token.
func (p *Principal) Holds(m *mapping.Mapping, issuer string, now time.Time) *mapping.Grants {
	if p.Account != "" {
		return m.Account(p.Account, now)
	}
	who := mapping.Principal{Issuer: issuer, Subject: p.Subject, Groups: p.Groups}
	if p.Policy != "" && p.Claim == m.ClaimName() {
		who.Claim = []string{p.Policy}
	}
	return m.Principal(who, now)
}

// With returns a principal who is p and o at once: the groups of both, and otherwise p.
func (p *Principal) With(o *Principal) *Principal {
	both := *p
	both.Name = p.Name + " + " + o.Name
	both.Together = true
	both.Groups = slices.Concat(p.Groups, o.Groups)
	both.shown = maps.Clone(p.shown)
	if both.shown == nil {
		both.shown = map[string]string{}
	}
	maps.Copy(both.shown, o.shown)
	return &both
}

// Principals returns a principal for each rule of the mappings and for each group that a guard excepts, each
// once. placeholders are those for the captures of group patterns.
func Principals(mappings ...*mapping.Mapping) (all []*Principal, placeholders Placeholders) {
	c := principalMaker{known: map[string]*Principal{}}
	seen := map[string]bool{}
	add := func(p *Principal) {
		key := p.Name + "\x00" + strings.Join(p.Groups, "\x00")
		if !seen[key] {
			seen[key] = true
			all = append(all, p)
		}
	}
	for _, m := range mappings {
		for _, r := range m.Rules() {
			for _, p := range c.principalsOf(m, r) {
				add(p)
			}
		}
		for _, g := range m.Guards() {
			for _, group := range g.Except {
				add(&Principal{Name: "group:" + group, Groups: []string{group}})
			}
		}
	}
	return all, c.placeholders
}

// principalMaker makes up principals for group patterns. The same pattern gets the same principals in every mapping.
type principalMaker struct {
	known        map[string]*Principal // by pattern and letters of the placeholders
	placeholders Placeholders
}

// principalsOf returns the principals for a rule.
func (c *principalMaker) principalsOf(m *mapping.Mapping, r mapping.RuleInfo) []*Principal {
	switch r.Kind {
	case "account":
		return []*Principal{{Name: "account:" + r.Name, Account: r.Name}}
	case "user":
		return []*Principal{{Name: "user:" + r.Name, Subject: r.Name}}
	case "claim":
		return []*Principal{{
			Name: "claim:" + m.ClaimName() + "=" + r.Policies[0], Claim: m.ClaimName(), Policy: r.Policies[0],
		}}
	}
	if r.Captures == nil {
		return []*Principal{{Name: "group:" + r.Name, Groups: []string{r.Name}}}
	}
	// Two groups stand for all groups that match. The captures of the first could be names of buckets. Those of
	// the second could not, because they have capital letters.
	var all []*Principal
	for _, letters := range []string{"qzjxkvwyfghpmbutcdlnroiase0123456789", "QZJXKVWYFGHPMBUTCDLNROIASE"} {
		key := r.Name + "\x00" + letters
		if c.known[key] == nil {
			c.known[key] = c.forPattern(r, letters)
		}
		all = append(all, c.known[key])
	}
	return all
}

// forPattern makes up a principal whose group matches the pattern of a rule. The placeholders avoid the letters of
// the literal parts of the pattern if at least two letters are left, so that the group matches in only one way.
func (c *principalMaker) forPattern(r mapping.RuleInfo, letters string) *Principal {
	literals := r.Name
	for _, name := range r.Captures {
		literals = strings.ReplaceAll(literals, "{"+name+"}", "")
	}
	var free []byte
	for i := range len(letters) {
		if !strings.Contains(literals, letters[i:i+1]) {
			free = append(free, letters[i])
		}
	}
	if len(free) < 2 {
		free = []byte(letters)
	}
	p := &Principal{Name: "group:" + r.Name, shown: map[string]string{}}
	group := r.Name
	for _, name := range r.Captures {
		placeholder := newPlaceholder(free, len(c.placeholders))
		c.placeholders = append(c.placeholders, placeholder)
		group = strings.ReplaceAll(group, "{"+name+"}", placeholder)
		p.shown[placeholder] = "{" + name + "}"
	}
	p.Groups = []string{group}
	return p
}

// newPlaceholder returns the n-th placeholder written in the letters. Placeholders in the same letters have the same
// length, so that no placeholder is a prefix of another.
func newPlaceholder(letters []byte, n int) string {
	var name []byte
	for i := range 7 {
		name = append(name, letters[(5*i+i*i)%len(letters)])
	}
	const many = 1 << 12
	for size := 1; size < many; size *= len(letters) {
		name = append(name, letters[n%len(letters)])
		n /= len(letters)
	}
	return string(name)
}

// OtherIssuer stands for every issuer that no rule and no guard names.
const OtherIssuer = "\x00any other"

// Issuers returns OtherIssuer, and then the issuers that rules and guards name.
func Issuers(mappings ...*mapping.Mapping) []string {
	list := []string{OtherIssuer}
	add := func(name string) {
		if name != "" && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	for _, m := range mappings {
		for _, r := range m.Rules() {
			add(r.Issuer)
		}
		for _, g := range m.Guards() {
			add(g.Issuer)
		}
	}
	return list
}
