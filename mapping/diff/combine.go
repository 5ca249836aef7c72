package diff

import (
	"slices"
	"time"

	"github.com/claimgate/claimgate/mapping"
)

// combinations looks for what changes only for those who are two at once: a
// guard that excepts one group bears on what another allows, and so does a Deny
// that a group's policy brings.
func (c *comparer) combinations(everybody []*principal, now time.Time) {
	for _, second := range everybody {
		if len(second.groups) == 0 || second.subject != "" {
			continue
		}
		for _, issuer := range c.issuers {
			if !c.bearsOnOthers(second, issuer, now) {
				continue
			}
			for _, first := range everybody {
				if first != second && first.account == "" {
					c.pair(first, second, issuer, now)
				}
			}
		}
	}
}

// bearsOnOthers says that a group excepts its members from a guard, or that
// what its policies deny changes.
func (c *comparer) bearsOnOthers(p *principal, issuer string, now time.Time) bool {
	for _, m := range []*mapping.Mapping{c.before, c.after} {
		for _, g := range m.Guards() {
			if slices.Contains(g.Except, p.groups[0]) && (g.Issuer == "" || g.Issuer == issuer) {
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
	for _, h := range g.Held() {
		for _, s := range c.read.statements(h) {
			if !s.Deny {
				continue
			}
			for _, r := range s.regions {
				for _, action := range actions {
					if s.Covers(action) {
						keys = append(keys, action+r.key)
					}
				}
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func (c *comparer) pair(first, second *principal, issuer string, now time.Time) {
	both := first.with(second)
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
func (c *comparer) comparePair(first, second, both *principal, issuer string, i instant, t time.Time) {
	at := place{p: both, read: c.read, issuer: issuer, everywhere: len(c.issuers), from: i.from}
	type pairOf struct{ before, after reach }
	alone := make([]pairOf, 0, 2)
	for _, p := range []*principal{first, second} {
		alone = append(alone, pairOf{c.read.reach(p.holds(c.before, issuer, t)), c.read.reach(p.holds(c.after, issuer, t))})
	}
	together := pairOf{c.read.reach(i.before), c.read.reach(i.after)}
	for _, action := range actions {
		sidesOf := func(p pairOf) *sides {
			return &sides{
				cover(p.before.allows, action), cover(p.before.denies, action), cover(p.after.allows, action), cover(p.after.denies, action),
			}
		}
		found := c.beyond(sidesOf(together), sidesOf(alone[0]), sidesOf(alone[1]))
		c.gains.add(at, action, found.gains, i.after)
		c.losses.add(at, action, found.losses, i.before)
	}
}

// beyond is what comes of the sides together that comes of none alone.
func (c *comparer) beyond(together *sides, alone ...*sides) *parts {
	key := together.key()
	for _, s := range alone {
		key += "\x04" + s.key()
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
		found.gains = without(found.gains, regionsOfTerms(known.gains))
		found.losses = without(found.losses, regionsOfTerms(known.losses))
	}
	found.gains, found.losses = pruned(found.gains), pruned(found.losses)
	c.known[key] = found
	return found
}

func regionsOfTerms(terms []term) []region {
	var all []region
	for _, t := range terms {
		if len(t.conditions) < 2 {
			all = append(all, newRegion(t.in, t.except, condition(t)))
		}
	}
	return all
}

func condition(t term) string {
	if len(t.conditions) == 0 {
		return ""
	}
	return t.conditions[0]
}
