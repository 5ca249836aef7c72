package diff

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
	"github.com/claimgate/claimgate/mapping/policy"
)

// Change is access that a principal gains or loses: each of the actions on each of the resources, without the
// excepted resources.
type Change struct {
	Principal string `json:"principal"`
	// Issuer is empty if the change is the same for the tokens of every issuer.
	Issuer    string   `json:"issuer,omitempty"`
	Actions   []string `json:"actions"`
	Resources []string `json:"resources"`
	// Within are more patterns. A resource must match each of them, too.
	Within     []string `json:"within,omitempty"`
	Except     []string `json:"except,omitempty"`
	Conditions []string `json:"conditions,omitempty"`
	// From is when the change takes effect; nil for now.
	From *time.Time `json:"from,omitempty"`
	// Rules are the rules that grant the access: of the new mapping for a gain, of the old one for a loss.
	Rules []Rule `json:"rules,omitempty"`
	// Allowed is true if the gain was reviewed. AllowGain sets it.
	Allowed bool `json:"allowed,omitempty"`

	together bool // the principal is two principals at once
}

// Rule is a rule with the file and the line where the rule begins.
type Rule struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	File string `json:"file"`
	Line int    `json:"line"`
}

// Result is every change.
type Result struct {
	Gains  []Change `json:"gains"`
	Losses []Change `json:"losses"`
	// SelfServiceGains and SelfServiceLosses are changes for requests about the caller's own keys, such as making
	// an access key. A principal who holds a policy is allowed such a request unless a statement denies it.
	SelfServiceGains  []Change `json:"self_service_gains"`
	SelfServiceLosses []Change `json:"self_service_losses"`
}

// AllowGain marks gains as reviewed, and returns true if there were any. The name is a principal, such as
// group:NAME, or the name of a rule. The name of a rule marks only what that rule grants. A name that rules of
// two kinds have marks nothing: use the name of the principal.
func (r *Result) AllowGain(name string) (found bool) {
	var kind string
	for _, list := range [][]Change{r.Gains, r.SelfServiceGains} {
		for i := range list {
			for _, by := range list[i].reviewable() {
				switch {
				case by.Name != name:
				case kind == "":
					kind = by.Kind
				case kind != by.Kind:
					return false
				}
			}
		}
	}
	for _, list := range [][]Change{r.Gains, r.SelfServiceGains} {
		for i := range list {
			c := &list[i]
			if c.Principal == name || slices.ContainsFunc(c.reviewable(), func(by Rule) bool { return by.Name == name }) {
				c.Allowed, found = true, true
			}
		}
	}
	return found
}

// reviewable returns the rules whose review covers the change. No single rule grants what only two principals
// at once have.
func (c *Change) reviewable() []Rule {
	if c.together {
		return nil
	}
	return c.Rules
}

// Gained returns true if there is a gain that was not reviewed.
func (r *Result) Gained() bool {
	unreviewed := func(c Change) bool { return !c.Allowed }
	return slices.ContainsFunc(r.Gains, unreviewed) || slices.ContainsFunc(r.SelfServiceGains, unreviewed)
}

// Compare returns who gains and who loses which access if the mapping after replaces the mapping before at the
// time now.
func Compare(before, after *mapping.Mapping, now time.Time) *Result {
	principals, placeholders := access.Principals(before, after)
	c := comparer{
		before: before, after: after, read: access.NewReader(placeholders), known: map[string]*parts{},
		issuers: access.Issuers(before, after),
	}
	for _, p := range principals {
		c.comparePrincipal(p, now)
	}
	c.combinations(principals, now)
	r := &Result{
		Gains: c.gains.list(), Losses: c.losses.list(),
		SelfServiceGains: c.selfGains.list(), SelfServiceLosses: c.selfLosses.list(),
	}
	return r
}

// comparer compares two mappings. known keeps computed parts by the key of their sides.
type comparer struct {
	before, after *mapping.Mapping
	read          *access.Reader
	issuers       []string
	known         map[string]*parts

	gains, losses, selfGains, selfLosses changes
}

// parts are the gains and losses between two sides.
type parts struct{ gains, losses []access.Term }

// instant is what a principal holds with a token of one issuer, from a time on.
type instant struct {
	from          time.Time // zero: now
	before, after *mapping.Grants
}

// instants returns what the principal holds now, and after each time at which a grant expires.
func (c *comparer) instants(p *access.Principal, issuer string, now time.Time) []instant {
	var all []instant
	from := time.Time{}
	for t := now; ; {
		i := instant{from, p.Holds(c.before, issuer, t), p.Holds(c.after, issuer, t)}
		all = append(all, i)
		next := earliest(i.before.Until(), i.after.Until())
		if next.IsZero() || !next.After(t) {
			return all
		}
		t, from = next, next
	}
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// comparePrincipal compares what one principal holds at each issuer.
func (c *comparer) comparePrincipal(p *access.Principal, now time.Time) {
	issuers := c.issuers
	if p.Account != "" {
		issuers = issuers[:1]
	}
	for _, issuer := range issuers {
		for _, i := range c.instants(p, issuer, now) {
			if same(i.before, i.after) {
				continue
			}
			c.compare(p, issuer, i)
		}
	}
}

// same returns true if the policies and the guards are the same, so that nothing can differ.
func same(a, b *mapping.Grants) bool {
	return sameHeld(a.Granted(), b.Granted()) && sameHeld(a.Guards(), b.Guards())
}

func sameHeld(a, b []mapping.Granted) bool {
	ids := func(list []mapping.Granted) []string {
		var all []string
		for _, h := range list {
			all = append(all, h.ID())
		}
		slices.Sort(all)
		return all
	}
	return len(a) == len(b) && slices.Equal(ids(a), ids(b))
}

// compare compares what one principal holds at one issuer, from one time on.
func (c *comparer) compare(p *access.Principal, issuer string, i instant) {
	before, after := c.read.Reach(i.before), c.read.Reach(i.after)
	at := place{p: p, read: c.read, issuer: issuer, issuerCount: len(c.issuers), from: i.from}
	for _, action := range policy.Actions() {
		found := c.parts(access.SidesOf(before, after, action))
		c.gains.add(at, action, found.gains, i.after)
		c.losses.add(at, action, found.losses, i.before)
	}
	for _, action := range access.SelfService() {
		found := c.parts(access.SelfServiceSides(before, after, action))
		c.selfGains.add(at, action, found.gains, i.after)
		c.selfLosses.add(at, action, found.losses, i.before)
	}
}

// parts returns the gains and losses between the sides. Many actions and principals have equal sides, so parts
// computes equal sides once.
func (c *comparer) parts(s *access.Sides) *parts {
	key := s.Key()
	if found, ok := c.known[key]; ok {
		return found
	}
	found := &parts{s.Gained(), s.Reversed().Gained()}
	c.known[key] = found
	return found
}

// place says whose change it is, at which issuer, and from when on.
type place struct {
	p           *access.Principal
	read        *access.Reader
	issuer      string
	issuerCount int // the number of issuers
	from        time.Time
}

func compareChanges(a, b Change) int {
	return cmp.Or(
		cmp.Compare(a.Principal, b.Principal), cmp.Compare(a.Issuer, b.Issuer),
		a.at().Compare(b.at()), strings.Compare(strings.Join(a.Resources, " "), strings.Join(b.Resources, " ")),
		slices.Compare(a.Actions, b.Actions), slices.Compare(a.Within, b.Within), slices.Compare(a.Except, b.Except),
	)
}

// at returns From, or the zero time for now.
func (c *Change) at() time.Time {
	if c.From == nil {
		return time.Time{}
	}
	return *c.From
}
