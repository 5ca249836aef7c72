package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/review/cases"
	"github.com/claimgate/claimgate/app/review/offline"
	"github.com/claimgate/claimgate/app/review/proof"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/invariant"
	"github.com/spf13/cobra"
)

// newTestCmd makes `claimgate test`, which runs the test cases of a mapping.
func newTestCmd() *cobra.Command {
	var file, configFile, format, at string
	var least int
	cmd := &cobra.Command{
		Use:   "test [CASES.toml ...]",
		Short: "Run the test cases beside a mapping",
		Long: `test decides the cases of CASES.toml with the code that answers MinIO. It says
which answers differ from the expected ones, and which rules decided no case.
Without CASES.toml it reads the file beside the mapping: mapping.test.toml for
mapping.toml. It does not check the token of a case. test also proves the
invariants beside the mapping, mapping.invariants.toml, as claimgate prove
does.

Exit codes: 0 all passed; 1 a case failed, an invariant is violated or
unproved, or fewer rules were exercised than --min-coverage asks for; 2 a file
cannot be read, or holds no case.`,
		Example: `  claimgate test --mapping mapping.toml
  claimgate test --mapping mapping.toml cases/*.toml --format junit > out.xml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			show, ok := map[string]func(io.Writer, *testResults) error{"text": printCases, "junit": printJUnit}[format]
			if !ok {
				return cli.Usage("--format %q: write text or junit", format)
			}
			m, now, err := loadMapping(file, at)
			if err != nil {
				return err
			}
			o, err := cli.OfflineOptions(m, configFile, "", now, os.Environ())
			if err != nil {
				return err
			}
			list, err := readCases(args, file)
			if err != nil {
				return err
			}
			t := testResults{mapping: m, file: file}
			if t.outcomes, t.rules, err = cases.Run(cmd.Context(), o, list); err != nil {
				return err
			}
			if t.proofs, err = prove(cmd.Context(), o, proof.Beside(file)); err != nil {
				return err
			}
			if err := show(cmd.OutOrStdout(), &t); err != nil {
				return err
			}
			if cases.Failed(t.outcomes)+t.broken() > 0 {
				return cli.Exit(cli.ExitFound, nil)
			}
			if got := cases.Coverage(t.rules); got < least {
				return cli.Exit(cli.ExitFound, fmt.Errorf("%d %% of the rules were exercised, --min-coverage asks for %d", got, least))
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&file, "mapping", "", "mapping.toml to test")
	flags.StringVar(&configFile, "config", "", configHelp)
	flags.StringVar(&format, "format", "text", "text or junit")
	flags.StringVar(&at, "at", "", "check the expiry of grants at this date or time, for cases without their own; default now")
	flags.IntVar(&least, "min-coverage", 0, "exit with 1 if fewer percent of the rules decided a case")
	return cmd
}

// readCases reads the named files, or without names the file beside the mapping.
func readCases(files []string, mappingFile string) ([]cases.Case, error) {
	if len(files) == 0 {
		files = []string{strings.TrimSuffix(mappingFile, filepath.Ext(mappingFile)) + ".test.toml"}
	}
	var all []cases.Case
	for _, f := range files {
		list, err := cases.Read(f)
		if err != nil {
			return nil, cli.Exit(cli.ExitUsage, err)
		}
		all = append(all, list...)
	}
	return all, nil
}

// testResults holds the results of the cases and of the invariants.
type testResults struct {
	mapping  *mapping.Mapping
	file     string
	outcomes []cases.Outcome
	rules    []cases.Rule
	proofs   []invariant.Result
}

func (t *testResults) broken() int { return len(proof.Broken(t.proofs)) }

// prove proves the invariants of files. The list may be empty.
func prove(ctx context.Context, o offline.Options, files []string) ([]invariant.Result, error) {
	list, err := proof.Read(files)
	if err != nil {
		return nil, cli.Exit(cli.ExitUsage, err)
	}
	return proof.Of(ctx, o, list, nil)
}

func printCases(w io.Writer, t *testResults) error {
	var b strings.Builder
	outcomes, rules := t.outcomes, t.rules
	for i := range t.proofs {
		if r := &t.proofs[i]; r.Verdict == invariant.Holds {
			fmt.Fprintf(&b, "ok    %s\n", cli.Printable(r.Name))
		} else {
			fmt.Fprintf(&b, "FAIL  %s\n      %s:%d: %s\n", cli.Printable(r.Name), r.File, r.Line, cli.Printable(because(r)))
		}
	}
	for _, o := range outcomes {
		if o.Passed {
			fmt.Fprintf(&b, "ok    %s\n", cli.Printable(o.Name))
			continue
		}
		fmt.Fprintf(&b, "FAIL  %s\n      %s:%d: %s\n", cli.Printable(o.Name), o.File, o.Line, difference(&o))
		for _, s := range o.Got.Steps {
			if s.Outcome == "decided" {
				fmt.Fprintf(&b, "      %s: %s\n", s.Step, s.Detail)
			}
		}
	}
	failed := cases.Failed(outcomes)
	if len(t.proofs) > 0 {
		fmt.Fprintf(&b, "\n%s, %d not kept", cli.Plural(len(t.proofs), "invariant"), t.broken())
	}
	fmt.Fprintf(&b, "\n%s, %d failed; %d %% of %s exercised\n", cli.Plural(len(outcomes), "case"), failed, cases.Coverage(rules), cli.Plural(len(rules), "rule"))
	for _, r := range cases.Unexercised(rules) {
		fmt.Fprintf(&b, "  never: %s\n", ruleName(&r))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func ruleName(r *cases.Rule) string {
	name := fmt.Sprintf("%s %q", r.Kind, r.Name)
	if r.Policy != "" {
		name += ", policy " + r.Policy
	}
	return fmt.Sprintf("%s (%s:%d)", name, r.File, r.Line)
}

func difference(o *cases.Outcome) string {
	want := answer(o.Allow)
	if o.Reason != "" {
		want += ", " + string(o.Reason)
	}
	return fmt.Sprintf("want %s; got %s, %s", want, answer(o.Got.Allow), o.Got.Reason)
}

func answer(allow bool) string {
	if allow {
		return "allow"
	}
	return "deny"
}

func printJUnit(w io.Writer, t *testResults) error {
	outcomes, rules := t.outcomes, t.rules
	suite := cli.JUnitSuite{Name: "claimgate mapping", Tests: len(outcomes) + len(t.proofs), Failures: cases.Failed(outcomes)}
	f := proveFlags{mapping: t.file}
	addProofs(&suite, t.proofs, func(c *invariant.Counterexample) string { return f.explain(t.mapping, c) })
	for _, o := range outcomes {
		c := cli.JUnitCase{Name: o.Name, Class: o.File, File: o.File, Line: o.Line, Time: fmt.Sprintf("%.6f", o.Took.Seconds())}
		if !o.Passed {
			var steps strings.Builder
			for _, s := range o.Got.Steps {
				fmt.Fprintf(&steps, "%s, %s: %s\n", s.Step, s.Outcome, s.Detail)
			}
			c.Failure = &cli.JUnitFailure{Message: difference(&o), Text: steps.String()}
		}
		suite.Cases = append(suite.Cases, c)
	}
	for _, r := range cases.Unexercised(rules) {
		suite.Output += "never exercised: " + ruleName(&r) + "\n"
	}
	return cli.JUnit(w, &suite)
}
