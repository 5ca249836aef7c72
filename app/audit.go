package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/claimgate/claimgate/app/audit/chain"
	"github.com/claimgate/claimgate/app/cli"
	"github.com/spf13/cobra"
)

// newAuditCmd makes `claimgate audit`, the group of commands that check the decision log itself.
func newAuditCmd() *cobra.Command {
	return groupCmd("audit", "Check the decision log itself", newAuditVerifyCmd())
}

// auditVerifyFlags are the flags of `claimgate audit verify`.
type auditVerifyFlags struct {
	heads, lines []string
	tornEnd      bool
	format       string
}

func newAuditVerifyCmd() *cobra.Command {
	var f auditVerifyFlags
	cmd := &cobra.Command{
		Use:   "verify FILE...",
		Short: "Find changed, missing, moved and repeated lines of a log",
		Long: `verify reads a decision log that was written with audit.chain = true and
follows the hashes from line to line. It names each line that was changed, is
missing, was moved, is there twice or was added. It also says how many lines
the log itself counts as lost. Rotated files are one log: name the oldest file
first. - reads standard input.

A line that a crash or a full disk has cut short is no finding if the next line
says so. As the last line of the log it is a finding (torn), because no later
line can say so. With --torn-end it counts as a line that is being written.

The log alone cannot show that its last lines are missing, or that somebody
wrote all of it again. Therefore verify prints the head of each chain, which is
the hash of its last line. A running claimgate tells its head on /readyz, and
in its own log on SIGHUP and when it stops. Keep heads in a place that the
writer of the log cannot write to.

Exit codes: 0 the log is whole; 1 something was found; 2 a file cannot be read,
or no line has a chain.`,
		Example: `  claimgate audit verify decisions.jsonl.1 decisions.jsonl
  # is yesterday's head still in the log?
  claimgate audit verify decisions.jsonl --expect-line 3f0c...
  zcat decisions.jsonl.*.gz | claimgate audit verify - --format json`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.verify(cmd, args) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.heads, "expect-head", nil, "a hash that the last line of a chain must have; may be given several times")
	flags.StringArrayVar(&f.lines, "expect-line", nil, "a hash that some line must have, such as an old head; may be given several times")
	flags.BoolVar(&f.tornEnd, "torn-end", false, "accept an unfinished last line as one that is being written")
	flags.StringVar(&f.format, "format", "text", "text or json")
	return cmd
}

func (f *auditVerifyFlags) verify(cmd *cobra.Command, files []string) error {
	if err := checkFormat(f.format, "text", "json"); err != nil {
		return err
	}
	o := chain.Options{TornEnd: f.tornEnd}
	var err error
	if o.Heads, err = parseHashes("--expect-head", f.heads); err != nil {
		return err
	}
	if o.Lines, err = parseHashes("--expect-line", f.lines); err != nil {
		return err
	}
	r, err := verifyFiles(files, cmd.InOrStdin(), cmd.ErrOrStderr(), o)
	if err != nil {
		return cli.Exit(cli.ExitUsage, err)
	}
	if r.Lines > 0 && r.Chained == 0 && len(f.heads)+len(f.lines) == 0 {
		return cli.Exit(cli.ExitUsage, fmt.Errorf("%s: no line has a chain: write the log with audit.chain = true", strings.Join(files, ", ")))
	}
	if f.format == "json" {
		err = cli.JSON(cmd.OutOrStdout(), r)
	} else {
		err = printVerified(cmd.OutOrStdout(), r)
	}
	if err == nil && !r.Whole {
		err = cli.Exit(cli.ExitFound, nil)
	}
	return err
}

func parseHashes(flag string, texts []string) ([]chain.Hash, error) {
	var all []chain.Hash
	for _, text := range texts {
		h, err := chain.ParseHash(text)
		if err != nil {
			return nil, cli.Usage("%s: %s", flag, err)
		}
		all = append(all, h)
	}
	return all, nil
}

func verifyFiles(paths []string, stdin io.Reader, stderr io.Writer, o chain.Options) (*chain.Report, error) {
	v := chain.New(o)
	for _, path := range paths {
		if err := verifyFile(v, path, stdin, stderr); err != nil {
			return nil, err
		}
	}
	return v.Report(), nil
}

func verifyFile(v *chain.Verifier, path string, stdin io.Reader, stderr io.Writer) error {
	in, err := cli.OpenInput(path, stdin, stderr)
	if err != nil {
		return err
	}
	name := path
	if path == "-" {
		name = "standard input"
	}
	return errors.Join(v.File(name, in), in.Close())
}

func printVerified(w io.Writer, r *chain.Report) error {
	var b strings.Builder
	for _, f := range r.Findings {
		at := ""
		if f.File != "" {
			at = fmt.Sprintf("%s:%d: ", cli.Printable(f.File), f.Line)
		}
		fmt.Fprintf(&b, "%s%s: %s\n", at, f.Kind, cli.Printable(f.Message))
	}
	if r.More > 0 {
		fmt.Fprintf(&b, "and %d more\n", r.More)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "note: %s\n", cli.Printable(note))
	}
	word := "the log is whole"
	if !r.Whole {
		word = "the log is NOT whole: " + cli.Plural(len(r.Findings)+r.More, "finding")
	}
	fmt.Fprintf(&b, "%s in %s: %s\n", cli.Plural(r.Lines, "line"), cli.Plural(r.Files, "file"), word)
	if r.Torn > 0 {
		fmt.Fprintf(&b, "  %s cut short by a crash or a full disk, as a later line says\n", cli.Plural(r.Torn, "line"))
	}
	if r.Lost > 0 {
		fmt.Fprintf(&b, "  %s never written, as the log itself says\n", cli.Plural(int(min(r.Lost, math.MaxInt)), "line"))
	}
	for _, c := range r.Chains {
		fmt.Fprintf(&b, "  chain %s, sequence %d to %d, head %s\n", c.Chain, c.First, c.Last, c.Head)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
