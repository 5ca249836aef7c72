package main

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/review/cases"
	"github.com/claimgate/claimgate/app/review/replay"
	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/lint"
	"github.com/claimgate/claimgate/mapping/matrix"
	"github.com/spf13/cobra"
)

// reportData is what a reviewer signs, besides the matrix.
type reportData struct {
	Rules    []reportRule
	Guards   []reportGuard
	Policies []reportPolicy
	Findings []finding.Finding
	Tests    *reportTests
	Audit    *reportAudit

	Errors, Warnings, Expired int
}

type reportRule struct {
	mapping.RuleInfo
	Expired, Soon bool
	Tested        bool // a case was decided by it
	Used          int  // decisions of the log
}

type reportGuard struct {
	mapping.GuardInfo
	Tested bool
	Used   int
}

type reportPolicy struct {
	mapping.PolicyInfo
	Actions, Statements int
}

type reportTests struct {
	Cases, Failed, Coverage int
	Outcomes                []cases.Outcome
}

type reportAudit struct {
	File          string
	Lines, Unread int
	Flips         int
	Unused        int
}

// newReportCmd makes `claimgate report`: one page that a reviewer signs off.
func newReportCmd() *cobra.Command {
	var file, audit, tests, out, at string
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Write one page about a mapping for a reviewer to sign off",
		Long: `report writes one HTML page that holds itself: the revision's digest, who may do what
where, each rule with its reason, owner and expiry, the findings, with --tests the test
cases and the rules they leave out, with --audit the rules that the log never needed.
It fetches nothing, prints well, and follows the reader's light or dark setting.

Exit codes: 0 written, whatever it says; 2 a file cannot be read or written.`,
		Example: `  claimgate report --mapping mapping.toml --tests mapping.test.toml --audit decisions.jsonl --out report.html`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return usage("name the file to write with --out FILE; - for standard output")
			}
			now, err := clock(at)
			if err != nil {
				return err
			}
			m, err := loadMappingFile(file)
			if err != nil {
				return err
			}
			p := newPage("Review of "+file, file, m, matrix.Of(m))
			r := &reportData{}
			_, r.Findings = mapping.Load(file)
			r.Findings = append(r.Findings, lint.Check(m)...)
			r.rules(m, now())
			if tests != "" {
				if err := r.test(cmd, m, tests, now); err != nil {
					return err
				}
			}
			if audit != "" {
				if err := r.audit(m, audit, cmd.ErrOrStderr(), now()); err != nil {
					return err
				}
			}
			p.Report = r
			return writeOut(out, cmd.OutOrStdout(), func(w io.Writer) error { return page.Execute(w, p) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&file, "mapping", "", "mapping.toml to report on")
	flags.StringVar(&audit, "audit", "", "a decision log: which rules it needed")
	flags.StringVar(&tests, "tests", "", "test cases: their outcome, and the rules they exercise")
	flags.StringVar(&out, "out", "", "the file to write; - for standard output")
	flags.StringVar(&at, "at", "", "the time at which grants are judged; default now")
	return cmd
}

func (r *reportData) rules(m *mapping.Mapping, now time.Time) {
	for _, info := range m.Rules() {
		rule := reportRule{RuleInfo: info}
		if !info.Expires.IsZero() {
			rule.Expired = !now.Before(info.Expires)
			rule.Soon = !rule.Expired && info.Expires.Sub(now) < 30*24*time.Hour
		}
		if rule.Expired {
			r.Expired++
		}
		r.Rules = append(r.Rules, rule)
	}
	for _, info := range m.Guards() {
		r.Guards = append(r.Guards, reportGuard{GuardInfo: info})
	}
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
			r.Policies = append(r.Policies, reportPolicy{PolicyInfo: info, Statements: len(info.Statements())})
		}
	}
	for _, f := range r.Findings {
		if f.Severity == finding.Error {
			r.Errors++
		} else {
			r.Warnings++
		}
	}
}

func (r *reportData) test(cmd *cobra.Command, m *mapping.Mapping, file string, now func() time.Time) error {
	list, err := readCases([]string{file}, "", m.ClaimName())
	if err != nil {
		return err
	}
	o, err := gateOptions(m, "", "", now, os.Environ())
	if err != nil {
		return err
	}
	outcomes, rules, err := cases.Run(cmd.Context(), o, list)
	if err != nil {
		return err
	}
	r.Tests = &reportTests{Cases: len(outcomes), Failed: cases.Failed(outcomes), Coverage: covered(rules), Outcomes: outcomes}
	for i := range r.Rules {
		r.Rules[i].Tested = rules[i].Exercised
	}
	for i := range r.Guards {
		r.Guards[i].Tested = rules[len(r.Rules)+i].Exercised
	}
	return nil
}

// audit replays the log under this mapping: what decides now is what counts, for
// the log may be older than the mapping.
func (r *reportData) audit(m *mapping.Mapping, file string, stderr io.Writer, now time.Time) error {
	found, err := replayFile(file, nil, stderr, replay.Options{Mapping: m, Now: now})
	if err != nil {
		return cli.Exit(cli.ExitUsage, err)
	}
	if found.Lines > 0 && found.Unreadable == found.Lines {
		return cli.Exit(cli.ExitUsage, errors.New(file+": no line is one of a decision log"))
	}
	r.Audit = &reportAudit{File: file, Lines: found.Lines, Unread: found.Unreadable, Flips: found.Gains + found.Losses}
	for i := range r.Rules {
		rule := &r.Rules[i]
		if rule.Used = found.Rules[replay.RuleOf(rule.Rule, rule.Policies[0])]; rule.Used == 0 {
			r.Audit.Unused++
		}
	}
	for i := range r.Guards {
		r.Guards[i].Used = found.Rules[replay.RuleOf(r.Guards[i].Rule, "")]
	}
	return nil
}
