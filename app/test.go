package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/review/cases"
	"github.com/spf13/cobra"
)

// newTestCmd makes `claimgate test`: the cases beside a mapping.
func newTestCmd() *cobra.Command {
	var file, configFile, format, at string
	var least int
	cmd := &cobra.Command{
		Use:   "test [CASES.toml ...]",
		Short: "Run the test cases beside a mapping",
		Long: `test decides the cases of CASES.toml by the code that answers MinIO and says which
answers differ from what the case expects, and which rules no case was decided by.
Without CASES.toml the file beside the mapping is taken: mapping.test.toml for
mapping.toml. The identity of a case is taken as given.

Exit codes: 0 all passed; 1 a case failed, or fewer rules were exercised than
--min-coverage asks for; 2 a file cannot be read, or holds no case.`,
		Example: `  claimgate test --mapping mapping.toml
  claimgate test --mapping mapping.toml cases/*.toml --format junit > junit.xml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			show, ok := map[string]func(io.Writer, []cases.Outcome, []cases.Rule) error{"text": printCases, "junit": printJUnit}[format]
			if !ok {
				return cli.Usage("--format %q: write text or junit", format)
			}
			now, err := cli.Clock(at)
			if err != nil {
				return err
			}
			m, err := cli.LoadMapping(file)
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
			outcomes, rules, err := cases.Run(cmd.Context(), o, list)
			if err != nil {
				return err
			}
			if err := show(cmd.OutOrStdout(), outcomes, rules); err != nil {
				return err
			}
			if cases.Failed(outcomes) > 0 {
				return cli.Exit(cli.ExitFound, nil)
			}
			if got := cases.Coverage(rules); got < least {
				return cli.Exit(cli.ExitFound, fmt.Errorf("%d %% of the rules were exercised, --min-coverage asks for %d", got, least))
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&file, "mapping", "", "mapping.toml to test")
	flags.StringVar(&configFile, "config", "", "config.toml for evidence, owner and the issuers' names; default: its defaults")
	flags.StringVar(&format, "format", "text", "text or junit")
	flags.StringVar(&at, "at", "", "the time at which grants are judged, for cases without their own; default now")
	flags.IntVar(&least, "min-coverage", 0, "exit 1 if fewer percent of the rules decided a case")
	return cmd
}

// readCases reads the files named, or the one beside the mapping.
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

func printCases(w io.Writer, outcomes []cases.Outcome, rules []cases.Rule) error {
	var b strings.Builder
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

func printJUnit(w io.Writer, outcomes []cases.Outcome, rules []cases.Rule) error {
	suite := cli.JUnitSuite{Name: "claimgate mapping", Tests: len(outcomes), Failures: cases.Failed(outcomes)}
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
