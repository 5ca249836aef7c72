package diff

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/claimgate/claimgate/mapping"
)

// principal is someone whom a rule of either mapping speaks of.
type principal struct {
	name     string // "group:NAME", "user:SUBJECT", "account:NAME", "claim:NAME=POLICY"
	groups   []string
	together bool              // two at once
	shown    map[string]string // made-up names of captures -> {capture}

	subject, account string
	claim, policy    string
}

// holds is what the principal holds at an issuer.
func (p *principal) holds(m *mapping.Mapping, issuer string, now time.Time) *mapping.Grants {
	if p.account != "" {
		return m.Account(p.account, now)
	}
	who := mapping.Principal{Issuer: issuer, Subject: p.subject, Groups: p.groups}
	if p.policy != "" && p.claim == m.ClaimName() {
		who.Claim = []string{p.policy}
	}
	return m.Principal(who, now)
}

// with is someone who is also another.
func (p *principal) with(o *principal) *principal {
	both := *p
	both.name = p.name + " + " + o.name
	both.together = true
	both.groups = slices.Concat(p.groups, o.groups)
	both.shown = maps.Clone(p.shown)
	if both.shown == nil {
		both.shown = map[string]string{}
	}
	maps.Copy(both.shown, o.shown)
	return &both
}

// principals lists everybody whom the mappings speak of, those of the second
// last, each once; and the names made up for what patterns capture.
func principals(mappings ...*mapping.Mapping) (all []*principal, made captures) {
	c := casting{known: map[string]*principal{}}
	seen := map[string]bool{}
	add := func(p *principal) {
		key := p.name + "\x00" + strings.Join(p.groups, "\x00")
		if !seen[key] {
			seen[key] = true
			all = append(all, p)
		}
	}
	for _, m := range mappings {
		for _, r := range m.Rules() {
			for _, p := range c.speaksOf(m, r) {
				add(p)
			}
		}
		for _, g := range m.Guards() {
			for _, group := range g.Except {
				add(&principal{name: "group:" + group, groups: []string{group}})
			}
		}
	}
	return all, c.made
}

// casting finds people who fit patterns: the same for the same pattern.
type casting struct {
	known map[string]*principal // by pattern and letters
	made  captures
}

func (c *casting) speaksOf(m *mapping.Mapping, r mapping.RuleInfo) []*principal {
	switch r.Kind {
	case "account":
		return []*principal{{name: "account:" + r.Name, account: r.Name}}
	case "user":
		return []*principal{{name: "user:" + r.Name, subject: r.Name}}
	case "claim":
		return []*principal{{
			name: "claim:" + m.ClaimName() + "=" + r.Policies[0], claim: m.ClaimName(), policy: r.Policies[0],
		}}
	}
	if r.Captures == nil {
		return []*principal{{name: "group:" + r.Name, groups: []string{r.Name}}}
	}
	// A name that fits the pattern stands for all that do: one whose captures
	// could be buckets, and one whose captures could not.
	var all []*principal
	for _, letters := range []string{"qzjxkvwyfghpmbutcdlnroiase0123456789", "QZJXKVWYFGHPMBUTCDLNROIASE"} {
		key := r.Name + "\x00" + letters
		if c.known[key] == nil {
			c.known[key] = c.fitting(r, letters)
		}
		all = append(all, c.known[key])
	}
	return all
}

// fitting makes up someone whose group fits a pattern in one way: the captures
// hold no letter of what stands between them, where letters are left.
func (c *casting) fitting(r mapping.RuleInfo, letters string) *principal {
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
	p := &principal{name: "group:" + r.Name, shown: map[string]string{}}
	group := r.Name
	for _, name := range r.Captures {
		made := makeUp(free, len(c.made))
		c.made = append(c.made, made)
		group = strings.ReplaceAll(group, "{"+name+"}", made)
		p.shown[made] = "{" + name + "}"
	}
	p.groups = []string{group}
	return p
}

// makeUp writes the n-th name in some letters. All in the same letters are of
// the same length, so that none is the beginning of another.
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

// otherIssuer is the name of an issuer that no rule names.
const otherIssuer = "\x00any other"

// issuersOf lists the issuers that make a difference.
func issuersOf(mappings ...*mapping.Mapping) []string {
	list := []string{otherIssuer}
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
