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

// Change is what somebody gains or loses: each of the actions on each of the
// resources, save on those excepted.
type Change struct {
	Principal string `json:"principal"`
	// Issuer is there where it makes a difference whose token it is.
	Issuer    string   `json:"issuer,omitempty"`
	Actions   []string `json:"actions"`
	Resources []string `json:"resources"`
	// Within are more patterns, each of which a resource must match too.
	Within     []string `json:"within,omitempty"`
	Except     []string `json:"except,omitempty"`
	Conditions []string `json:"conditions,omitempty"`
	// From is when it comes to that, where it is not so now.
	From *time.Time `json:"from,omitempty"`
	// Rules are those that grant it, in the mapping that does.
	Rules []Rule `json:"rules,omitempty"`
	// Allowed says that somebody reviewed it: AllowGain.
	Allowed bool `json:"allowed,omitempty"`

	together bool // of somebody who is two at once
}

// Rule is where a rule stands.
type Rule struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	File string `json:"file"`
	Line int    `json:"line"`
}

// Result is all that changes.
type Result struct {
	Gains  []Change `json:"gains"`
	Losses []Change `json:"losses"`
	// SelfService is what changes for questions about oneself, such as making an
	// access key for oneself, which whoever holds anything may do unless denied.
	SelfServiceGains  []Change `json:"self_service_gains"`
	SelfServiceLosses []Change `json:"self_service_losses"`
}

// AllowGain marks the gains of a principal, such as group:NAME, or those that a
// rule grants, as reviewed, and reports whether there were any. What another rule
// grants to the same people is not reviewed by that. A name that rules of two
// kinds have marks nothing: the principal tells which is meant.
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

// reviewable are the rules whose review covers the change. What two have only
// together no single rule grants.
func (c *Change) reviewable() []Rule {
	if c.together {
		return nil
	}
	return c.Rules
}

// Gained says whether anyone gains what nobody has reviewed.
func (r *Result) Gained() bool {
	reviewed := func(c Change) bool { return !c.Allowed }
	return slices.ContainsFunc(r.Gains, reviewed) || slices.ContainsFunc(r.SelfServiceGains, reviewed)
}

// Compare says who gains and who loses what, from now on.
func Compare(before, after *mapping.Mapping, now time.Time) *Result {
	everybody, made := access.Principals(before, after)
	c := comparer{
		before: before, after: after, read: access.NewReader(made), known: map[string]*parts{},
		issuers: access.Issuers(before, after),
	}
	for _, p := range everybody {
		c.comparePrincipal(p, now)
	}
	c.combinations(everybody, now)
	r := &Result{
		Gains: c.gains.list(), Losses: c.losses.list(),
		SelfServiceGains: c.selfGains.list(), SelfServiceLosses: c.selfLosses.list(),
	}
	return r
}

type comparer struct {
	before, after *mapping.Mapping
	read          *access.Reader
	issuers       []string
	known         map[string]*parts

	gains, losses, selfGains, selfLosses changes
}

// parts are the terms of one comparison of sides.
type parts struct{ gains, losses []access.Term }

// instant is what somebody holds from a time on, at one issuer.
type instant struct {
	from          time.Time // zero: now
	before, after *mapping.Grants
}

// instants lists the times at which something changes for the principal.
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

// comparePrincipal compares what one principal holds, at each issuer.
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

// same says that nothing can differ: the same policies and the same guards.
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

func (c *comparer) compare(p *access.Principal, issuer string, i instant) {
	before, after := c.read.Reach(i.before), c.read.Reach(i.after)
	at := place{p: p, read: c.read, issuer: issuer, everywhere: len(c.issuers), from: i.from}
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

// parts compares sides once: many actions and many principals have the same.
func (c *comparer) parts(s *access.Sides) *parts {
	key := s.Key()
	if found, ok := c.known[key]; ok {
		return found
	}
	found := &parts{s.Gained(), s.Reversed().Gained()}
	c.known[key] = found
	return found
}

// place is whose change it is.
type place struct {
	p          *access.Principal
	read       *access.Reader
	issuer     string
	everywhere int // how many issuers there are
	from       time.Time
}

func compareChanges(a, b Change) int {
	return cmp.Or(
		cmp.Compare(a.Principal, b.Principal), cmp.Compare(a.Issuer, b.Issuer),
		a.at().Compare(b.at()), strings.Compare(strings.Join(a.Resources, " "), strings.Join(b.Resources, " ")),
		slices.Compare(a.Actions, b.Actions), slices.Compare(a.Within, b.Within), slices.Compare(a.Except, b.Except),
	)
}

func (c *Change) at() time.Time {
	if c.From == nil {
		return time.Time{}
	}
	return *c.From
}
