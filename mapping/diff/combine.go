package diff

import (
	"slices"
	"time"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
	"github.com/claimgate/claimgate/mapping/policy"
)

// combinations looks for what changes only for those who are two at once: a
// guard that excepts one group bears on what another allows, and so does a Deny
// that a group's policy brings.
func (c *comparer) combinations(everybody []*access.Principal, now time.Time) {
	for _, second := range everybody {
		if len(second.Groups) == 0 || second.Subject != "" {
			continue
		}
		for _, issuer := range c.issuers {
			if !c.bearsOnOthers(second, issuer, now) {
				continue
			}
			for _, first := range everybody {
				if first != second && first.Account == "" {
					c.pair(first, second, issuer, now)
				}
			}
		}
	}
}

// bearsOnOthers says that a group excepts its members from a guard, or that
// what its policies deny changes.
func (c *comparer) bearsOnOthers(p *access.Principal, issuer string, now time.Time) bool {
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

// ownDenies are the keys of what the policies granted deny, guards aside.
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

// comparePair reports what the two have together beyond what each has alone.
func (c *comparer) comparePair(first, second, both *access.Principal, issuer string, i instant, t time.Time) {
	at := place{p: both, read: c.read, issuer: issuer, everywhere: len(c.issuers), from: i.from}
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

// beyond is what comes of the sides together that comes of none alone.
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
