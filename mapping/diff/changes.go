package diff

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
)

// changes collects terms and returns them as text for a person. Actions with the same resources become one
// Change, and so do issuers with the same changes.
type changes struct {
	found map[string]*found // by principal, time, action and term
	order []string
}

// found is one term for one action as text.
type found struct {
	principal          string
	together           bool
	action             string
	from               time.Time
	resource           string
	within             []string
	except, conditions []string
	issuers            []string
	issuerCount        int
	rules              []mapping.Rule // each of them grants the access
}

// add adds terms for an action. by are the grants that allow the terms.
func (c *changes) add(at place, action string, terms []access.Term, by *mapping.Grants) {
	for _, t := range terms {
		shown := func(g access.Pattern) string { return at.p.Show(access.Resource(action, at.read.Text(g))) }
		f := &found{
			principal: at.p.Name, together: at.p.Together, action: action, from: at.from, issuerCount: at.issuerCount,
			resource: shown(t.In[0]), rules: at.read.Grantors(by, action, t.Allowed),
		}
		for _, g := range t.In[1:] {
			f.within = append(f.within, shown(g))
		}
		for _, x := range t.Except {
			f.except = append(f.except, shown(x))
		}
		for _, text := range t.Conditions {
			f.conditions = append(f.conditions, at.p.Show(text))
		}
		slices.Sort(f.within)
		slices.Sort(f.except)
		c.keep(f, at.issuer)
	}
}

// key returns a text that is equal for terms that differ in the issuers alone.
func (f *found) key() string {
	return strings.Join([]string{
		f.principal, f.ruleKey(), f.action, f.resource, strings.Join(f.within, "\x01"), strings.Join(f.except, "\x01"), strings.Join(f.conditions, "\x01"),
		f.from.String(),
	}, "\x00")
}

// keep adds a term, or adds the issuer to a term that is already there. A term that already holds now is not
// added for a later time.
func (c *changes) keep(f *found, issuer string) {
	if c.found == nil {
		c.found = map[string]*found{}
	}
	if now := *f; !f.from.IsZero() {
		now.from = time.Time{}
		if known := c.found[now.key()]; known != nil && slices.Contains(known.issuers, issuer) {
			return
		}
	}
	key := f.key()
	known := c.found[key]
	if known == nil {
		c.found[key] = f
		c.order = append(c.order, key)
		known = f
	}
	if !slices.Contains(known.issuers, issuer) {
		known.issuers = append(known.issuers, issuer)
	}
}

// list returns the collected terms as changes.
func (c *changes) list() []Change {
	merged := map[string]*Change{}
	var order []string
	for _, k := range c.order {
		f := c.found[k]
		issuers := f.issuers
		if len(issuers) == f.issuerCount || strings.HasPrefix(f.principal, "account:") {
			issuers = []string{""}
		}
		for _, issuer := range issuers {
			key := strings.Join([]string{
				f.principal, f.ruleKey(), issuer, f.from.String(), f.resource, strings.Join(f.within, "\x01"), strings.Join(f.except, "\x01"), strings.Join(f.conditions, "\x01"),
			}, "\x00")
			change := merged[key]
			if change == nil {
				change = f.change(issuer)
				merged[key] = change
				order = append(order, key)
			}
			change.Actions = append(change.Actions, f.action)
		}
	}
	return joined(merged, order)
}

// ruleKey returns a text that is equal for equal rules.
func (f *found) ruleKey() string { return fmt.Sprint(f.rules) }

func (f *found) change(issuer string) *Change {
	if issuer == access.OtherIssuer {
		issuer = "any other"
	}
	c := &Change{
		Principal: f.principal, Issuer: issuer, Resources: []string{f.resource}, Within: f.within, Except: f.except, Conditions: f.conditions, together: f.together,
	}
	if !f.from.IsZero() {
		c.From = &f.from
	}
	for _, r := range f.rules {
		c.Rules = append(c.Rules, Rule{r.Name, r.Kind, r.File, r.Line})
	}
	return c
}

// joined returns the changes in their order. Changes that differ in the resources alone become one.
func joined(merged map[string]*Change, order []string) []Change {
	list := []Change{}
	at := map[string]int{}
	for _, k := range order {
		c := merged[k]
		slices.Sort(c.Actions)
		c.Actions = slices.Compact(c.Actions)
		key := strings.Join([]string{
			c.Principal, fmt.Sprint(c.Rules), c.Issuer, c.at().String(), strings.Join(c.Actions, " "), strings.Join(c.Within, "\x01"), strings.Join(c.Except, "\x01"), strings.Join(c.Conditions, "\x01"),
		}, "\x00")
		if i, known := at[key]; known {
			list[i].Resources = append(list[i].Resources, c.Resources...)
			continue
		}
		at[key] = len(list)
		list = append(list, *c)
	}
	for i := range list {
		slices.Sort(list[i].Resources)
	}
	slices.SortStableFunc(list, compareChanges)
	return list
}
