package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/review/replay"
	"github.com/spf13/cobra"
)

// newReplayCmd makes `claimgate replay`, which counts the recorded decisions that another mapping would flip.
func newReplayCmd() *cobra.Command {
	var file, format, at, failOn string
	var shadow bool
	cmd := &cobra.Command{
		Use:   "replay AUDIT.jsonl --mapping NEW | --shadow",
		Short: "Count the recorded decisions that another mapping would flip",
		Long: `replay asks a mapping the questions of a decision log, and counts the answers
that would differ, by rule and principal. No mapping affects refused tokens and
root. If a line does not hold a value that a condition now reads, the answer
counts as uncertain. replay reads the log as a stream; - is standard input.
--shadow needs no mapping: with mapping.shadow, the log of the service itself
says what would differ.

Exit codes: 0 fine; 1 with --fail-on flip an answer would differ, with
--fail-on gain a denied request would be allowed; 2 a file cannot be read, or
holds no decision log.`,
		Example: `  claimgate replay decisions.jsonl --mapping mapping.new.toml --fail-on flip
  claimgate replay decisions.jsonl --shadow --fail-on flip
  zcat decisions.jsonl.gz | claimgate replay - --mapping mapping.new.toml`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(format, "text", "json"); err != nil {
				return err
			}
			if failOn != "" && failOn != "flip" && failOn != "gain" {
				return cli.Usage("--fail-on %q: write flip or gain", failOn)
			}
			now, err := cli.Clock(at)
			if err != nil {
				return err
			}
			o := replay.Options{Now: now(), Shadow: shadow}
			switch {
			case shadow && file != "":
				return cli.Usage("--shadow and --mapping exclude each other: with --shadow the log itself says what the next mapping would answer")
			case !shadow:
				if o.Mapping, err = cli.LoadMapping(file); err != nil {
					return err
				}
			}
			r, err := replayFile(args[0], cmd.InOrStdin(), cmd.ErrOrStderr(), o)
			if err != nil {
				return cli.Exit(cli.ExitUsage, err)
			}
			if format == "json" {
				err = cli.JSON(cmd.OutOrStdout(), r)
			} else {
				err = printReplay(cmd.OutOrStdout(), r)
			}
			switch {
			case err != nil:
				return err
			case r.Lines > 0 && r.Unreadable == r.Lines:
				return errNoLog(args[0])
			case failOn != "" && r.Gains > 0, failOn == "flip" && r.Losses > 0:
				return cli.Exit(cli.ExitFound, nil)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&file, "mapping", "", "the mapping to ask")
	flags.BoolVar(&shadow, "shadow", false, "count the answers of the next mapping (mapping.shadow) in the log")
	flags.StringVar(&format, "format", "text", "text or json")
	flags.StringVar(&failOn, "fail-on", "", "exit with 1: flip if an answer would differ, gain if a denied request would be allowed")
	flags.StringVar(&at, "at", "", atHelp)
	return cmd
}

func replayFile(path string, stdin io.Reader, stderr io.Writer, o replay.Options) (*replay.Result, error) {
	in, err := cli.OpenInput(path, stdin, stderr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	return replay.Run(in, o)
}

// shownFlips bounds the groups of flips in the text output.
const shownFlips = 50

func printReplay(w io.Writer, r *replay.Result) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d would be allowed that were denied, %d denied that were allowed\n", cli.Plural(r.Lines, "decision"), r.Gains, r.Losses)
	fmt.Fprintf(&b, "  %d the same, %d the same for another reason, %d that no mapping affects, %d uncertain", r.Same, r.Reasons, r.Unaffected, r.Uncertain)
	if r.Unreadable > 0 {
		fmt.Fprintf(&b, ", %d unreadable", r.Unreadable)
	}
	b.WriteString("\n")
	if r.Lost > 0 {
		fmt.Fprintf(&b, "  %s more without a line, as the log itself says\n", cli.Plural(r.Lost, "decision"))
	}
	for i, f := range r.Flips {
		if i == shownFlips {
			fmt.Fprintf(&b, "\nand %d more groups: --format json lists them\n", len(r.Flips)-shownFlips)
			break
		}
		word := "denied"
		if f.Allow {
			word = "ALLOWED"
		}
		fmt.Fprintf(&b, "\n%7d  now %s: %s, %s\n", f.Count, word, cli.Printable(f.Principal), cli.Printable(f.Rule))
		if f.File != "" {
			fmt.Fprintf(&b, "         %s:%d\n", f.File, f.Line)
		}
		fmt.Fprintf(&b, "         %s, was %s\n", f.After, f.Before)
		e := f.Example
		fmt.Fprintf(&b, "         such as %s on %q, decision %s\n", e.Action, e.Bucket+"/"+e.Object, e.ID)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
