package diff

import (
	"slices"
	"time"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
	"github.com/claimgate/claimgate/mapping/policy"
)

// combinations finds changes that only two principals at once have. There are two causes: a guard that excepts
// one group denies what another group allows, and a Deny of one group's policy denies what another allows.
func (c *comparer) combinations(principals []*access.Principal, now time.Time) {
	for _, second := range principals {
		if len(second.Groups) == 0 || second.Subject != "" {
			continue
		}
		for _, issuer := range c.issuers {
			if !c.mayAffectOthers(second, issuer, now) {
				continue
			}
			for _, first := range principals {
				if first != second && first.Account == "" {
					c.pair(first, second, issuer, now)
				}
			}
		}
	}
}

// mayAffectOthers returns true if a guard excepts the group of the principal, or if the Deny statements of its
// policies change.
func (c *comparer) mayAffectOthers(p *access.Principal, issuer string, now time.Time) bool {
	for _, m := range []*mapping.Mapping{c.before, c.after} {
		for _, g := range m.Guards() {
			if slices.Contains(g.Except, p.Groups[0]) && (g.Issuer == "" || g.Issuer == issuer) {
				return true
			}
		}
	}
	for _, i := range c.instants(p, issuer, now) {
		if !slices.Equal(c.ownDenies(i.before), c.ownDenies(i.after)) {
			return true
		}
	}
	return false
}

// ownDenies returns keys of what the granted policies deny. Guards do not count.
func (c *comparer) ownDenies(g *mapping.Grants) []string {
	var keys []string
	for _, h := range g.Granted() {
		for _, s := range c.read.Statements(h) {
			if !s.Deny {
				continue
			}
			for _, r := range s.Regions {
				for _, action := range policy.Actions() {
					if s.Covers(action) {
						keys = append(keys, action+r.Key())
					}
				}
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// pair compares what two principals at once hold at one issuer.
func (c *comparer) pair(first, second *access.Principal, issuer string, now time.Time) {
	both := first.With(second)
	for _, i := range c.instants(both, issuer, now) {
		if same(i.before, i.after) {
			continue
		}
		t := now
		if !i.from.IsZero() {
			t = i.from
		}
		c.comparePair(first, second, both, issuer, i, t)
	}
}

// comparePair adds the changes for both at the time t that neither has alone.
func (c *comparer) comparePair(first, second, both *access.Principal, issuer string, i instant, t time.Time) {
	at := place{p: both, read: c.read, issuer: issuer, issuerCount: len(c.issuers), from: i.from}
	type pairOf struct{ before, after access.Reach }
	alone := make([]pairOf, 0, 2)
	for _, p := range []*access.Principal{first, second} {
		alone = append(alone, pairOf{c.read.Reach(p.Holds(c.before, issuer, t)), c.read.Reach(p.Holds(c.after, issuer, t))})
	}
	together := pairOf{c.read.Reach(i.before), c.read.Reach(i.after)}
	for _, action := range policy.Actions() {
		sidesOf := func(p pairOf) *access.Sides { return access.SidesOf(p.before, p.after, action) }
		found := c.beyond(sidesOf(together), sidesOf(alone[0]), sidesOf(alone[1]))
		c.gains.add(at, action, found.gains, i.after)
		c.losses.add(at, action, found.losses, i.before)
	}
}

// beyond returns the gains and losses of the sides together, without those of each of the sides alone.
func (c *comparer) beyond(together *access.Sides, alone ...*access.Sides) *parts {
	key := together.Key()
	for _, s := range alone {
		key += "\x04" + s.Key()
	}
	if found, ok := c.known[key]; ok {
		return found
	}
	all := c.parts(together)
	found := &parts{slices.Clone(all.gains), slices.Clone(all.losses)}
	for _, s := range alone {
		if len(found.gains)+len(found.losses) == 0 {
			break
		}
		known := c.parts(s)
		found.gains = access.Without(found.gains, regionsOfTerms(known.gains))
		found.losses = access.Without(found.losses, regionsOfTerms(known.losses))
	}
	found.gains, found.losses = access.Pruned(found.gains), access.Pruned(found.losses)
	c.known[key] = found
	return found
}

// regionsOfTerms returns the terms as regions. A Region has one condition, so terms with two or more conditions
// are left out. What they hold is then reported for both principals again.
func regionsOfTerms(terms []access.Term) []access.Region {
	var all []access.Region
	for _, t := range terms {
		if len(t.Conditions) < 2 {
			all = append(all, access.NewRegion(t.In, t.Except, condition(t)))
		}
	}
	return all
}

func condition(t access.Term) string {
	if len(t.Conditions) == 0 {
		return ""
	}
	return t.Conditions[0]
}
