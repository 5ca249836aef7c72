package access

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/claimgate/claimgate/mapping"
)

// WhoCan returns who may do one of the actions at the time now, on the resource on, or everywhere if on is
// empty. The resource is written as in a policy. The result names principals of rules. If a guard takes
// something away from a principal, the result also names that principal together with each group that the guard
// excepts.
func WhoCan(m *mapping.Mapping, actions []string, on string, now time.Time) []Entry {
	return NewDirectory(m).WhoCan(actions, on, now)
}

// Directory answers many WhoCan questions about one mapping, and keeps what it has computed. A Directory is
// safe for concurrent use.
type Directory struct {
	mu           sync.Mutex
	m            *mapping.Mapping
	principals   []*Principal
	placeholders Placeholders
	r            *Reader
	issuers      []string
	guards       []guardHeld

	holders     []holder
	from, until time.Time // the time in which the grants of holders are right; until is zero if nothing expires
}

// holder is a principal with a token of an issuer.
type holder struct {
	*Principal
	issuer string
	grants *mapping.Grants
	ids    []string // the IDs of the granted policies
}

type guardHeld struct {
	mapping.GuardInfo
	policy mapping.Granted
}

// NewDirectory returns a Directory.
func NewDirectory(m *mapping.Mapping) *Directory {
	d := &Directory{m: m, issuers: Issuers(m)}
	d.principals, d.placeholders = Principals(m)
	d.r = NewReader(d.placeholders)
	for _, g := range m.Guards() {
		if h, ok := m.Policy(g.Policy, nil); ok && len(g.Except) > 0 {
			d.guards = append(d.guards, guardHeld{g, h})
		}
	}
	return d
}

// maxRemainders is the number of computed regions after which a Directory forgets them all.
const maxRemainders = 50_000

// WhoCan is the function WhoCan for the mapping of the Directory. See there.
func (d *Directory) WhoCan(actions []string, on string, now time.Time) []Entry {
	all, _ := d.Some(actions, on, now, math.MaxInt)
	return all
}

// Some is WhoCan, but stops after the principal that makes the list longer than limit entries. more is true if
// principals are left.
func (d *Directory) Some(actions []string, on string, now time.Time, limit int) (all []Entry, more bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.r.remainders) > maxRemainders {
		clear(d.r.remainders)
	}
	d.refresh(now)
	w := query{Directory: d, actions: actions, on: Everything(), now: now, at: map[string]int{}, meets: map[string]bool{}, tried: map[string]bool{}}
	if on != "" {
		w.on = d.r.On(on)
	}
	for i := range d.holders {
		h := &d.holders[i]
		if more = len(w.found) > limit; more {
			break
		}
		if slices.ContainsFunc(h.ids, func(id string) bool { return w.mayAllow(id, h.grants) }) {
			clear(w.tried)
			w.add(h.Principal, h.issuer, h.grants, nil, nil)
		}
	}
	return w.list(), more
}

// refresh computes the grants of every principal at each issuer, unless those of holders are right at the time.
func (d *Directory) refresh(now time.Time) {
	if d.holders != nil && !now.Before(d.from) && (d.until.IsZero() || now.Before(d.until)) {
		return
	}
	d.holders, d.from, d.until = []holder{}, now, time.Time{}
	for _, p := range d.principals {
		issuers := d.issuers
		if p.Account != "" {
			issuers = issuers[:1]
		}
		for _, issuer := range issuers {
			h := holder{Principal: p, issuer: issuer, grants: p.Holds(d.m, issuer, now)}
			for _, g := range h.grants.Granted() {
				h.ids = append(h.ids, g.ID())
			}
			d.holders = append(d.holders, h)
			if until := h.grants.Until(); !until.IsZero() && (d.until.IsZero() || until.Before(d.until)) {
				d.until = until
			}
		}
	}
}

// query is one WhoCan question with the entries found so far.
type query struct {
	*Directory
	actions []string
	on      Region
	now     time.Time
	meets   map[string]bool // by the ID of a policy: an Allow of the policy applies to the question
	tried   map[string]bool // the sets of groups that were added to the present principal

	found []foundEntry
	at    map[string]int // the index in found, by principal and Entry.key
}

// mayAllow returns true if an Allow of the policy with the ID applies to the question.
func (w *query) mayAllow(id string, g *mapping.Grants) bool {
	known, seen := w.meets[id]
	if !seen {
		for _, h := range g.Granted() {
			if h.ID() == id {
				known = w.r.Meets(h, w.actions, w.on, false)
			}
		}
		w.meets[id] = known
	}
	return known
}

// foundEntry is an entry with the issuers at which the principal has the entry. An account has no issuer.
type foundEntry struct {
	Entry
	issuers []string
	account bool
}

// add adds the entries of the principal at the issuer, without the known ones. Then add does the same for the
// principal together with each group that a guard excepts. added are the groups of these that the principal has.
func (w *query) add(p *Principal, issuer string, g *mapping.Grants, added []string, known []Entry) {
	list := slices.DeleteFunc(w.r.Allowed(g, w.actions, w.on), func(a Allowed) bool { // in the entries of that group
		return a.Granted.Rule.Kind == "group" && slices.Contains(added, a.Granted.Rule.Name)
	})
	all := entries(list, p.Show)
	for _, e := range all {
		key := e.key()
		if slices.ContainsFunc(known, func(o Entry) bool { return o.key() == key }) {
			continue
		}
		e.Principal = p.Name
		w.keep(&e, issuer, p.Account != "")
	}
	if p.Account != "" || len(p.Groups) > maxTogether {
		return
	}
	for _, spared := range w.spared(p, g, issuer) {
		groups := append(slices.Clone(added), spared)
		set := strings.Join(sortedUnique(groups), "\x00")
		if w.tried[set] { // the same groups, in another order
			continue
		}
		w.tried[set] = true
		both := p.With(&Principal{Name: "group:" + spared, Groups: []string{spared}})
		w.add(both, issuer, both.Holds(w.m, issuer, w.now), groups, slices.Concat(known, all))
	}
}

// maxTogether is how many groups that guards except may be added to a principal with one group.
const maxTogether = 3

// spared returns the groups that lift a guard from the principal: the guard takes away something that the
// principal is allowed, and excepts the groups.
func (w *query) spared(p *Principal, g *mapping.Grants, issuer string) []string {
	var groups []string
	var allows []Statement
	for _, guard := range w.guards {
		if guard.Issuer != "" && guard.Issuer != issuer || slices.ContainsFunc(p.Groups, func(group string) bool { return slices.Contains(guard.Except, group) }) {
			continue
		}
		if allows == nil {
			for _, granted := range g.Granted() {
				allows = append(allows, slices.DeleteFunc(slices.Clone(w.r.Statements(granted)), func(s Statement) bool { return s.Deny })...)
			}
		}
		if w.mayDeny(guard.policy, allows) {
			groups = append(groups, guard.Except...)
		}
	}
	return sortedUnique(groups)
}

// mayDeny returns true if the guard may deny one of the actions where the statements allow the action.
func (w *query) mayDeny(guard mapping.Granted, allows []Statement) bool {
	denies := denyStatements(w.r.Statements(guard))
	for _, action := range w.actions {
		for _, q := range Cover(denies, action) {
			for _, p := range Cover(allows, action) {
				if slices.ContainsFunc(Both(KindOf(action), p, q), func(t Term) bool { return !t.Empty() }) {
					return true
				}
			}
		}
	}
	return false
}

// key returns a text that is equal for entries that differ in the principal, the issuer and the expiry alone.
func (e *Entry) key() string {
	parts := []string{e.Rule.Kind, e.Rule.Name, e.Rule.File, e.Policy, strings.Join(e.Actions, " "), strings.Join(e.Resources, " "), strings.Join(e.Within, " "), strings.Join(e.Conditions, " ")}
	for _, m := range e.Minus {
		parts = append(parts, m.By, strings.Join(m.Resources, " "), strings.Join(m.Except, " "), strings.Join(m.Conditions, " "), strings.Join(m.Actions, " "))
	}
	return strings.Join(parts, "\x00") + "\x00" + strconv.Itoa(e.Rule.Line) + "\x00" + strconv.Itoa(e.Statement)
}

// keep adds an entry, or adds the issuer to an entry that is already there.
func (w *query) keep(e *Entry, issuer string, account bool) {
	key := e.Principal + "\x01" + e.key()
	i, known := w.at[key]
	if !known {
		i = len(w.found)
		w.at[key] = i
		w.found = append(w.found, foundEntry{Entry: *e, account: account})
	}
	if f := &w.found[i]; !slices.Contains(f.issuers, issuer) {
		f.issuers = append(f.issuers, issuer)
	}
}

// list returns the entries. An entry that every issuer has is there once, without an issuer. Any other entry is
// there once for each of its issuers.
func (w *query) list() []Entry {
	all := []Entry{}
	for _, f := range w.found {
		if len(f.issuers) == len(w.issuers) || f.account {
			all = append(all, f.Entry)
			continue
		}
		for _, issuer := range f.issuers {
			e := f.Entry
			if e.Issuer = issuer; issuer == OtherIssuer {
				e.Issuer = "any other"
			}
			all = append(all, e)
		}
	}
	expires := map[RuleReference]string{}
	for _, r := range w.m.Rules() {
		if !r.Expires.IsZero() {
			expires[ruleReference(r.Rule)] = r.Expires.UTC().Format(time.RFC3339)
		}
	}
	for i := range all {
		all[i].Expires = expires[all[i].Rule]
	}
	return all
}
