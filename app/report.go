package main

import (
	"io"
	"os"
	"time"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/review/cases"
	"github.com/claimgate/claimgate/app/review/proof"
	"github.com/claimgate/claimgate/app/review/replay"
	"github.com/claimgate/claimgate/app/review/report"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/lint"
	"github.com/claimgate/claimgate/mapping/matrix"
	"github.com/spf13/cobra"
)

// newReportCmd makes `claimgate report`, which writes a page about a mapping for a reviewer to sign off.
func newReportCmd() *cobra.Command {
	var file, audit, tests, out, at string
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Write a page about a mapping for a reviewer to sign",
		Long: `report writes one self-contained HTML page: the digest of the revision, who may
do what where, each rule with its reason, owner and expiry, the findings, and
the verdicts on the invariants beside the mapping (mapping.invariants.toml).
With --tests it adds the test cases and the rules that no case exercises. With
--audit it adds the rules that the log never needed. The page loads nothing,
prints well, and follows the reader's light or dark setting.

Exit codes: 0 written, whatever it says; 2 a file cannot be read or written.`,
		Example: `  claimgate report --mapping mapping.toml --tests mapping.test.toml \
    --audit decisions.jsonl --out report.html`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return cli.Usage("name the file to write with --out FILE; - for standard output")
			}
			m, now, err := loadMapping(file, at)
			if err != nil {
				return err
			}
			_, found := mapping.Load(file)
			r := report.New(m, append(found, lint.Check(m)...), now())
			o, err := cli.OfflineOptions(m, "", "", now, os.Environ())
			if err != nil {
				return err
			}
			proofs, err := prove(cmd.Context(), o, proof.Beside(file))
			if err != nil {
				return err
			}
			r.AddProofs(proofs)
			if tests != "" {
				if err := addTests(cmd, r, m, tests, now); err != nil {
					return err
				}
			}
			if audit != "" {
				if err := addLog(cmd, r, m, audit, now()); err != nil {
					return err
				}
			}
			return cli.WriteOut(out, cmd.OutOrStdout(), func(w io.Writer) error {
				return report.Page(w, "Review of "+file, m, matrix.Of(m), r)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&file, "mapping", "", "mapping.toml to report on")
	flags.StringVar(&audit, "audit", "", "a decision log, to show which rules it needed")
	flags.StringVar(&tests, "tests", "", "test cases, to show their results and the rules that they exercise")
	flags.StringVar(&out, "out", "", "the file to write; - for standard output")
	flags.StringVar(&at, "at", "", atHelp)
	return cmd
}

func addTests(cmd *cobra.Command, r *report.Data, m *mapping.Mapping, file string, now func() time.Time) error {
	list, err := readCases([]string{file}, "")
	if err != nil {
		return err
	}
	o, err := cli.OfflineOptions(m, "", "", now, os.Environ())
	if err != nil {
		return err
	}
	outcomes, rules, err := cases.Run(cmd.Context(), o, list)
	if err != nil {
		return err
	}
	r.AddTests(outcomes, rules)
	return nil
}

func addLog(cmd *cobra.Command, r *report.Data, m *mapping.Mapping, file string, now time.Time) error {
	found, err := replayFile(file, cmd.InOrStdin(), cmd.ErrOrStderr(), replay.Options{Mapping: m, Now: now})
	if err != nil {
		return cli.Exit(cli.ExitUsage, err)
	}
	if found.Lines > 0 && found.Unreadable == found.Lines {
		return errNoLog(file)
	}
	r.AddLog(file, found)
	return nil
}
