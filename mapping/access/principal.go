package access

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/claimgate/claimgate/mapping"
)

// Principal is a principal whom a rule of a mapping names.
type Principal struct {
	Name     string // "group:NAME", "user:SUBJECT", "account:NAME", "claim:NAME=POLICY"
	Groups   []string
	Together bool              // two principals in one
	shown    map[string]string // placeholder -> {capture}

	Subject, Account string
	Claim, Policy    string
}

// Holds returns what the principal holds with a token of the issuer at the time now.
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

// With returns a principal who is p and o at once.
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

// Principals returns every principal whom a rule or a guard's exception of the mappings names, each
// once, and the placeholders for the captures of group patterns.
func Principals(mappings ...*mapping.Mapping) (all []*Principal, made Placeholders) {
	c := casting{known: map[string]*Principal{}}
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
	return all, c.made
}

// casting makes up principals whose groups match patterns, the same principals for the same pattern.
type casting struct {
	known map[string]*Principal // by pattern and letters
	made  Placeholders
}

// principalsOf returns the principals whom a rule names.
func (c *casting) principalsOf(m *mapping.Mapping, r mapping.RuleInfo) []*Principal {
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
	// Two names stand for all names that match: the captures of the first could be buckets, those of the
	// second could not.
	var all []*Principal
	for _, letters := range []string{"qzjxkvwyfghpmbutcdlnroiase0123456789", "QZJXKVWYFGHPMBUTCDLNROIASE"} {
		key := r.Name + "\x00" + letters
		if c.known[key] == nil {
			c.known[key] = c.fitting(r, letters)
		}
		all = append(all, c.known[key])
	}
	return all
}

// fitting makes up a principal whose group matches a pattern in exactly one way: if possible, the
// captures have no letter of the literal parts.
func (c *casting) fitting(r mapping.RuleInfo, letters string) *Principal {
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
		made := makeUp(free, len(c.made))
		c.made = append(c.made, made)
		group = strings.ReplaceAll(group, "{"+name+"}", made)
		p.shown[made] = "{" + name + "}"
	}
	p.Groups = []string{group}
	return p
}

// makeUp returns the n-th placeholder in the letters. Placeholders in the same letters have the same
// length, so that none is a prefix of another.
func makeUp(letters []byte, n int) string {
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

// OtherIssuer stands for every issuer that no rule names.
const OtherIssuer = "\x00any other"

// Issuers returns the issuers that rules and guards name, and OtherIssuer.
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
