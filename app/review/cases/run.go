package cases

import (
	"context"
	"slices"
	"time"

	"github.com/claimgate/claimgate/app/review/explain"
	"github.com/claimgate/claimgate/app/review/offline"
	"github.com/claimgate/claimgate/mapping"
)

// Outcome is a case with the answer that it got.
type Outcome struct {
	Case
	Passed bool
	Got    explain.Explanation
	Took   time.Duration
}

// Rule is a rule or a guard of the mapping, and whether it decided a case.
type Rule struct {
	mapping.Rule
	Policy    string // for a claim rule: the policy that the claim names
	Exercised bool
}

// Run decides the cases. The rules are those of the mapping, then its guards.
func Run(ctx context.Context, o offline.Options, list []Case) ([]Outcome, []Rule, error) {
	var at time.Time
	usual := o.Now
	o.Now = func() time.Time {
		if at.IsZero() {
			return usual()
		}
		return at
	}
	gate, err := offline.New(o)
	if err != nil {
		return nil, nil, err
	}
	defer gate.Close()
	rules := rulesOf(o.Mapping)
	outcomes := make([]Outcome, 0, len(list))
	for _, c := range list {
		at = c.At
		start := time.Now()
		got, err := gate.ExplainQuestion(ctx, &c.Question)
		if err != nil {
			return nil, nil, err
		}
		passed := got.Allow == c.Allow && (c.Reason == "" || c.Reason == got.Reason)
		outcomes = append(outcomes, Outcome{c, passed, got, time.Since(start)})
		for i := range rules {
			if r := &rules[i]; got.Rule != nil && r.decided(&got) {
				r.Exercised = true
			}
		}
	}
	return outcomes, rules, nil
}

func (r *Rule) decided(x *explain.Explanation) bool {
	by := mapping.Rule{Name: x.Rule.Name, Kind: x.Rule.Kind, File: x.Rule.File, Line: x.Rule.Line}
	return r.Rule == by && (r.Policy == "" || r.Policy == x.Policy)
}

func rulesOf(m *mapping.Mapping) []Rule {
	var rules []Rule
	for _, r := range m.Rules() {
		rule := Rule{Rule: r.Rule}
		if r.Kind == "claim" {
			rule.Policy = r.Policies[0]
		}
		rules = append(rules, rule)
	}
	for _, g := range m.Guards() {
		rules = append(rules, Rule{Rule: g.Rule})
	}
	return rules
}

// Failed counts the cases that did not pass.
func Failed(outcomes []Outcome) int {
	n := 0
	for _, o := range outcomes {
		if !o.Passed {
			n++
		}
	}
	return n
}

// Unexercised returns the rules that decided no case.
func Unexercised(rules []Rule) []Rule {
	return slices.DeleteFunc(slices.Clone(rules), func(r Rule) bool { return r.Exercised })
}

// Coverage returns the percentage of rules that are exercised; 100 if there are no rules.
func Coverage(rules []Rule) int {
	if len(rules) == 0 {
		return 100
	}
	return 100 * (len(rules) - len(Unexercised(rules))) / len(rules)
}
