package mapping

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"time"
)

// Principal is the holder of a verified token.
type Principal struct {
	Issuer  string // the configured issuer's name
	Subject string
	Groups  []string
	Claim   []string // the strings of the policy claim as in the token, not split at commas
}

// match is a rule that fits, with the texts that its pattern captured.
type match struct {
	rule int
	vars []string
}

// Principal returns what the holder of a token holds at now. The result is never nil, but may be Empty.
func (m *Mapping) Principal(p Principal, now time.Time) *Grants {
	var found []match
	add := func(rule int, vars []string) {
		r := m.rules[rule]
		if (r.issuer == "" || r.issuer == p.Issuer) && r.active(now) {
			found = append(found, match{rule, vars})
		}
	}
	ignored := m.readClaim(p.Claim, add)
	for _, group := range p.Groups {
		for _, rule := range m.groups[group] {
			add(rule, nil)
		}
		m.patterns.each(group, func(rule int) {
			if vars, ok := m.rules[rule].pattern.match(group); ok {
				add(rule, vars)
			}
		})
	}
	for _, rule := range m.users[p.Subject] {
		add(rule, nil)
	}
	return m.grants(found, m.excepted(p), ignored)
}

// Account returns what a static MinIO key holds at now. The result is nil if no rule names the key, and
// empty if the rule has expired.
func (m *Mapping) Account(name string, now time.Time) *Grants {
	rule, ok := m.accounts[name]
	if !ok {
		return nil
	}
	if !m.rules[rule].active(now) {
		return new(Grants)
	}
	// All requests get the same *Grants, because callers cache decisions by its address.
	if g, known := m.accountGrants.Load(rule); known {
		return g.(*Grants)
	}
	g, _ := m.accountGrants.LoadOrStore(rule, m.grants([]match{{rule: rule}}, nil, nil))
	return g.(*Grants)
}

// readClaim splits the claim at commas and trims the names, as MinIO does. It returns the names that
// [claim].allow does not list.
func (m *Mapping) readClaim(claim []string, add func(int, []string)) (ignored []string) {
	for _, text := range claim {
		for name := range strings.SplitSeq(text, ",") {
			name = strings.TrimSpace(name)
			if name == "" {
				continue
			}
			if rule, ok := m.claim[fold(name)]; ok {
				add(rule, nil)
			} else if !slices.Contains(ignored, name) {
				ignored = append(ignored, name)
			}
		}
	}
	return ignored
}

// excepted lists the guards that do not bind the principal.
func (m *Mapping) excepted(p Principal) []int {
	if len(m.exceptions) == 0 {
		return nil
	}
	var list []int
	for _, group := range p.Groups {
		for _, g := range m.exceptions[group] {
			if issuer := m.guards[g].issuer; issuer == "" || issuer == p.Issuer {
				list = append(list, g)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (m *Mapping) grants(found []match, excepted []int, ignored []string) *Grants {
	slices.SortFunc(found, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.rule, b.rule), slices.Compare(a.vars, b.vars))
	})
	found = slices.CompactFunc(found, func(a, b match) bool {
		return a.rule == b.rule && slices.Equal(a.vars, b.vars)
	})
	g := &Grants{ignored: ignored}
	if len(found) == 0 {
		return g
	}
	g.bundle = m.bundles.get(matchKey(found, excepted), func() *bundle { return m.bundle(found, excepted) })
	for _, f := range found {
		if until := m.rules[f.rule].expires; !until.IsZero() && (g.until.IsZero() || until.Before(g.until)) {
			g.until = until
		}
	}
	return g
}

// matchKey returns a cache key for a set of matches. Each part has its length before it, so that different
// sets have different keys, whatever the names of the groups are.
func matchKey(found []match, excepted []int) []byte {
	key := make([]byte, 0, 8*(len(found)+len(excepted)+1))
	key = binary.AppendUvarint(key, uint64(len(found)))
	for _, f := range found {
		key = binary.AppendUvarint(key, uint64(f.rule))
		key = binary.AppendUvarint(key, uint64(len(f.vars)))
		for _, v := range f.vars {
			key = binary.AppendUvarint(key, uint64(len(v)))
			key = append(key, v...)
		}
	}
	for _, g := range excepted {
		key = binary.AppendUvarint(key, uint64(g))
	}
	return key
}
