package diff

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/claimgate/claimgate/mapping"
)

// principal is someone whom a rule of either mapping speaks of.
type principal struct {
	name   string // "group:NAME", "user:SUBJECT", "account:NAME", "claim:NAME=POLICY"
	rule   string // the rule's own name
	groups []string
	shown  map[string]string // made-up names of captures -> {capture}

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

// made are the names that stand for what a pattern captures.
func (p *principal) made() []glob {
	var all []glob
	for name := range p.shown {
		var text glob
		for _, b := range []byte(name) {
			text = append(text, sym(b))
		}
		all = append(all, text)
	}
	return all
}

// with is someone who is also another.
func (p *principal) with(o *principal) *principal {
	both := *p
	both.name = p.name + " + " + o.name
	both.rule = "" // what two have together is reviewed under both names
	both.groups = slices.Concat(p.groups, o.groups)
	both.shown = map[string]string{}
	for _, from := range []map[string]string{p.shown, o.shown} {
		for made, capture := range from {
			both.shown[made] = capture
		}
	}
	return &both
}

// principals lists everybody whom the mappings speak of, those of the second
// last, each once.
func principals(mappings ...*mapping.Mapping) []*principal {
	var all []*principal
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
			for _, p := range speaksOf(m, r) {
				add(p)
			}
		}
		for _, g := range m.Guards() {
			for _, group := range g.Except {
				add(&principal{name: "group:" + group, rule: group, groups: []string{group}})
			}
		}
	}
	return all
}

func speaksOf(m *mapping.Mapping, r mapping.RuleInfo) []*principal {
	switch r.Kind {
	case "account":
		return []*principal{{name: "account:" + r.Name, rule: r.Name, account: r.Name}}
	case "user":
		return []*principal{{name: "user:" + r.Name, rule: r.Name, subject: r.Name}}
	case "claim":
		return []*principal{{
			name: "claim:" + m.ClaimName() + "=" + r.Policies[0], rule: r.Policies[0], claim: m.ClaimName(), policy: r.Policies[0],
		}}
	}
	if r.Captures == nil {
		return []*principal{{name: "group:" + r.Name, rule: r.Name, groups: []string{r.Name}}}
	}
	// A name that fits the pattern stands for all that do: one whose captures
	// could be buckets, and one whose captures could not.
	var all []*principal
	for _, letters := range []string{"qzjxkvwyfghpmbutcdlnroiase0123456789", "QZJXKVWYFGHPMBUTCDLNROIASE"} {
		if name, shown, ok := fitting(r, letters); ok {
			all = append(all, &principal{name: "group:" + r.Name, rule: r.Name, groups: []string{name}, shown: shown})
		}
	}
	return all
}

// fitting makes up a name that fits a pattern in one way: the captures hold no
// letter of what stands between them.
func fitting(r mapping.RuleInfo, letters string) (name string, shown map[string]string, ok bool) {
	literals := r.Name
	for _, c := range r.Captures {
		literals = strings.ReplaceAll(literals, "{"+c+"}", "")
	}
	var free []byte
	for i := range len(letters) {
		if !strings.Contains(literals, letters[i:i+1]) {
			free = append(free, letters[i])
		}
	}
	if len(free) == 0 {
		return "", nil, false
	}
	name, shown = r.Name, map[string]string{}
	for i, c := range r.Captures {
		made := make([]byte, 14)
		for j := range made {
			made[j] = free[(j*(i+2)+i+j/len(free))%len(free)]
		}
		made = fmt.Appendf(made[:12], "%s", strings.Repeat(string(free[i%len(free)]), 2+i))
		name = strings.ReplaceAll(name, "{"+c+"}", string(made))
		shown[string(made)] = "{" + c + "}"
	}
	return name, shown, true
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
