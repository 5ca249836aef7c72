// Package report writes the page that a reviewer signs: what a mapping means, its findings, its invariants, and
// which rules the test cases and the decision log exercise.
package report

import (
	"time"

	"github.com/claimgate/claimgate/app/review/cases"
	"github.com/claimgate/claimgate/app/review/proof"
	"github.com/claimgate/claimgate/app/review/replay"
	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/invariant"
)

// Data is the content of the page, without the matrix.
type Data struct {
	Rules    []Rule
	Guards   []Guard
	Policies []Policy
	Findings []finding.Finding
	Tests    *Tests
	Audit    *Audit
	Proofs   []invariant.Result

	Unproved int // the number of Proofs that are violated or undecided

	Errors, Warnings, Expired int
}

// Rule is a rule with the results of the test cases and the decision log.
type Rule struct {
	mapping.RuleInfo
	Expired, Soon bool // Soon: the rule expires within 30 days
	Tested        bool // the rule decided a case
	Used          int  // the number of decisions of the log
}

// Guard is a guard with the results of the test cases and the decision log.
type Guard struct {
	mapping.GuardInfo
	Tested bool
	Used   int
}

// Policy is a policy with its size.
type Policy struct {
	mapping.PolicyInfo
	Actions, Statements int
}

// Tests are the outcomes of a file of tests. Coverage is in percent.
type Tests struct {
	Cases, Failed, Coverage int
	Outcomes                []cases.Outcome
}

// Audit is the summary of a decision log.
type Audit struct {
	File          string
	Lines, Unread int // all lines, and those that cannot be read
	Flips         int // decisions that have another answer under this mapping
	Unused        int // rules that decided nothing
}

// New returns the data for a mapping at the time now. found are the findings about the mapping.
func New(m *mapping.Mapping, found []finding.Finding, now time.Time) *Data {
	d := &Data{Findings: found}
	d.addRules(m, now)
	d.addPolicies(m)
	for _, f := range d.Findings {
		if f.Severity == finding.Error {
			d.Errors++
		} else {
			d.Warnings++
		}
	}
	return d
}

func (d *Data) addRules(m *mapping.Mapping, now time.Time) {
	for _, info := range m.Rules() {
		rule := Rule{RuleInfo: info}
		if !info.Expires.IsZero() {
			rule.Expired = !now.Before(info.Expires)
			rule.Soon = !rule.Expired && info.Expires.Sub(now) < 30*24*time.Hour
		}
		if rule.Expired {
			d.Expired++
		}
		d.Rules = append(d.Rules, rule)
	}
	for _, info := range m.Guards() {
		d.Guards = append(d.Guards, Guard{GuardInfo: info})
	}
}

// addPolicies adds the policies that a rule or a guard names.
func (d *Data) addPolicies(m *mapping.Mapping) {
	granted := map[string]bool{}
	for _, info := range m.Rules() {
		for _, name := range info.Policies {
			granted[name] = true
		}
	}
	for _, info := range m.Guards() {
		granted[info.Policy] = true
	}
	for _, info := range m.Policies() {
		if granted[info.Name()] {
			d.Policies = append(d.Policies, Policy{PolicyInfo: info, Statements: len(info.Statements())})
		}
	}
}

// AddTests records the results of cases.Run for the mapping.
func (d *Data) AddTests(outcomes []cases.Outcome, rules []cases.Rule) {
	d.Tests = &Tests{Cases: len(outcomes), Failed: cases.Failed(outcomes), Coverage: cases.Coverage(rules), Outcomes: outcomes}
	for i := range d.Rules {
		d.Rules[i].Tested = rules[i].Exercised
	}
	for i := range d.Guards {
		d.Guards[i].Tested = rules[len(d.Rules)+i].Exercised
	}
}

// AddProofs records the verdicts on the invariants.
func (d *Data) AddProofs(results []invariant.Result) {
	d.Proofs = results
	d.Unproved = len(proof.Broken(results))
}

// AddLog records which rules the decision log file needs. found is the replay of the log under this mapping.
// The rule that decides under this mapping counts, because the log may be older than the mapping.
func (d *Data) AddLog(file string, found *replay.Result) {
	d.Audit = &Audit{File: file, Lines: found.Lines, Unread: found.Unreadable, Flips: found.Gains + found.Losses}
	for i := range d.Rules {
		rule := &d.Rules[i]
		if rule.Used = found.Rules[replay.RuleOf(rule.Rule, rule.Policies[0])]; rule.Used == 0 {
			d.Audit.Unused++
		}
	}
	for i := range d.Guards {
		d.Guards[i].Used = found.Rules[replay.RuleOf(d.Guards[i].Rule, "")]
	}
}
