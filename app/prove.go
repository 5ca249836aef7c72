package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/review/proof"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/invariant"
	"github.com/spf13/cobra"
)

type proveFlags struct {
	mapping, config, at, format string
	assume                      []string
}

// newProveCmd makes `claimgate prove`, which proves the invariants of a mapping.
func newProveCmd() *cobra.Command {
	var f proveFlags
	cmd := &cobra.Command{
		Use:   "prove [INVARIANTS.toml ...]",
		Short: "Prove what nobody can do, and what somebody always can",
		Long: `prove says for each invariant whether the mapping keeps it, for every possible
identity: any groups, claims, subject and issuer, and every static key. Without
INVARIANTS.toml it reads the file beside the mapping: mapping.invariants.toml
for mapping.toml. docs/mapping.md describes the file.

A [[never]] holds if nobody can do any of the actions under any condition,
except those whom the invariant excepts. An [[always]] holds if everybody with
the principal can do the actions, whatever other groups and claims they have. A
violated invariant comes with a counterexample that the code that answers MinIO
has decided, and with the claimgate explain command for it. --assume fixes a
condition key, for example to prove what holds outside the office.

Exit codes: 0 all hold; 1 an invariant is violated; 2 a file cannot be read or
holds no invariant, or an invariant could not be proved.`,
		Example: `  claimgate prove --mapping mapping.toml
  claimgate prove --mapping mapping.toml audit/*.toml --format junit > out.xml
  claimgate prove --mapping mapping.toml --assume aws:SourceIp=198.51.100.7`,
		RunE: func(cmd *cobra.Command, args []string) error {
			show, ok := map[string]func(io.Writer, *proveFlags, *mapping.Mapping, []invariant.Result) error{
				"text": printProofs, "json": proofsJSON, "junit": proofsJUnit, "sarif": proofsSARIF,
			}[f.format]
			if !ok {
				return cli.Usage("--format %q: write text, json, junit or sarif", f.format)
			}
			m, results, err := f.prove(cmd, args)
			if err != nil {
				return err
			}
			if err := show(cmd.OutOrStdout(), &f, m, results); err != nil {
				return err
			}
			return verdictOf(results)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.mapping, "mapping", "", "mapping.toml to prove")
	flags.StringVar(&f.config, "config", "", configHelp)
	flags.StringVar(&f.at, "at", "", atHelp)
	flags.StringArrayVar(&f.assume, "assume", nil, "a condition key with a fixed value, KEY=VALUE; a key given twice has several values")
	flags.StringVar(&f.format, "format", "text", "text, json, junit or sarif")
	return cmd
}

func (f *proveFlags) prove(cmd *cobra.Command, files []string) (*mapping.Mapping, []invariant.Result, error) {
	m, now, err := loadMapping(f.mapping, f.at)
	if err != nil {
		return nil, nil, err
	}
	o, err := cli.OfflineOptions(m, f.config, "", now, os.Environ())
	if err != nil {
		return nil, nil, err
	}
	if len(files) == 0 {
		files = []string{invariant.FileOf(f.mapping)}
	}
	list, err := proof.Read(files)
	if err != nil {
		return nil, nil, cli.Exit(cli.ExitUsage, err)
	}
	results, err := proof.Of(cmd.Context(), o, list, f.assume)
	if err != nil {
		return nil, nil, cli.Usage("%v", err)
	}
	return m, results, nil
}

// verdictOf returns an error with the exit code. An invariant that could not be proved does not count as kept.
func verdictOf(results []invariant.Result) error {
	has := func(v invariant.Verdict) bool {
		return slices.ContainsFunc(results, func(r invariant.Result) bool { return r.Verdict == v })
	}
	switch {
	case has(invariant.Undecided):
		return cli.Exit(cli.ExitUsage, errors.New("an invariant could not be proved; please report the mapping and the invariant, with other names, at https://github.com/claimgate/claimgate/issues"))
	case has(invariant.Violated):
		return cli.Exit(cli.ExitFound, nil)
	}
	return nil
}

var verdictWords = map[invariant.Verdict]string{invariant.Undecided: "UNPROVED", invariant.Holds: "holds", invariant.Violated: "VIOLATED"}

func printProofs(w io.Writer, f *proveFlags, m *mapping.Mapping, results []invariant.Result) error {
	var b strings.Builder
	count := map[invariant.Verdict]int{}
	for i := range results {
		r := &results[i]
		count[r.Verdict]++
		fmt.Fprintf(&b, "%-8s  %s\n", verdictWords[r.Verdict], cli.Printable(r.Name))
		if r.Verdict != invariant.Holds {
			fmt.Fprintf(&b, "          %s:%d: %s\n", r.File, r.Line, cli.Printable(because(r)))
		}
		if c := r.Counterexample; c != nil {
			fmt.Fprintf(&b, "\n          %s\n\n", f.explain(m, c))
			for line := range strings.Lines(proof.Case(c, r.Name)) {
				b.WriteString("          " + line)
			}
			b.WriteString("\n")
		}
	}
	fmt.Fprintf(&b, "%s: %d proved, %d violated, %d unproved\n", cli.Plural(len(results), "invariant"), count[invariant.Holds], count[invariant.Violated], count[invariant.Undecided])
	_, err := io.WriteString(w, b.String())
	return err
}

// explain returns the command that decides the counterexample.
func (f *proveFlags) explain(m *mapping.Mapping, c *invariant.Counterexample) string {
	args := []string{"claimgate", "explain", "--mapping", f.mapping}
	if f.config != "" {
		args = append(args, "--config", f.config)
	}
	if f.at != "" {
		args = append(args, "--at", f.at)
	}
	return proof.Shell(append(args, proof.Explain(c, m.ClaimName())...)...)
}

func because(r *invariant.Result) string {
	if r.Counterexample != nil {
		return proof.Sentence(r.Counterexample)
	}
	return r.Why
}

// provedJSON is an invariant in JSON.
type provedJSON struct {
	Name           string                    `json:"name"`
	Kind           invariant.Kind            `json:"kind"`
	Holds          bool                      `json:"holds"`
	Counterexample *invariant.Counterexample `json:"counterexample"`
	Unproved       string                    `json:"unproved,omitempty"` // why there is no proof
	File           string                    `json:"file"`
	Line           int                       `json:"line"`
	Explain        string                    `json:"explain,omitempty"` // the command that decides the counterexample
}

func proofsJSON(w io.Writer, f *proveFlags, m *mapping.Mapping, results []invariant.Result) error {
	list := make([]provedJSON, 0, len(results))
	for i := range results {
		r := &results[i]
		one := provedJSON{Name: r.Name, Kind: r.Kind, Holds: r.Verdict == invariant.Holds, Counterexample: r.Counterexample, Unproved: r.Why, File: r.File, Line: r.Line}
		if r.Counterexample != nil {
			one.Explain = f.explain(m, r.Counterexample)
		}
		list = append(list, one)
	}
	return cli.JSON(w, list)
}

func proofsJUnit(w io.Writer, f *proveFlags, m *mapping.Mapping, results []invariant.Result) error {
	suite := cli.JUnitSuite{Name: "claimgate invariants", Tests: len(results)}
	addProofs(&suite, results, func(c *invariant.Counterexample) string { return f.explain(m, c) })
	return cli.JUnit(w, &suite)
}

// addProofs adds invariants to the tests of a suite.
func addProofs(suite *cli.JUnitSuite, results []invariant.Result, explain func(*invariant.Counterexample) string) {
	for i := range results {
		r := &results[i]
		c := cli.JUnitCase{Name: r.Name, Class: r.File, File: r.File, Line: r.Line, Time: "0"}
		if r.Verdict != invariant.Holds {
			suite.Failures++
			c.Failure = &cli.JUnitFailure{Message: because(r)}
			if r.Counterexample != nil {
				c.Failure.Text = explain(r.Counterexample) + "\n\n" + proof.Case(r.Counterexample, r.Name)
			}
		}
		suite.Cases = append(suite.Cases, c)
	}
}

func proofsSARIF(w io.Writer, _ *proveFlags, _ *mapping.Mapping, results []invariant.Result) error {
	return cli.SARIF(w, proof.Broken(results), mapping.Codes())
}
