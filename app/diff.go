package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/mapping/diff"
	"github.com/spf13/cobra"
)

// newDiffCmd makes `claimgate diff`, which lists who gains and who loses rights between two mappings.
func newDiffCmd() *cobra.Command {
	var format, at string
	var allow []string
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Show who gains and who loses rights between two mappings",
		Long: `diff compares the meaning of two mappings, not their text. It compares each
action and each resource pattern for everybody whom a rule of either mapping
names, now and on each later day on which a grant expires. Without conditions
and variables the answer is exact. With them diff misses no gain, but may show
too many. It looks at people in two groups if a Deny or a guard's exception of
one group affects what the other group allows.

Exit codes: 0 nobody gains, or only gains that --allow-gain names; 2 a file
cannot be read; 3 somebody gains.`,
		Example: `  claimgate diff mapping.old.toml mapping.toml
  git show main:mapping.toml > old.toml && \
    claimgate diff old.toml mapping.toml --format md
  claimgate diff old.toml new.toml --allow-gain "MinIO users"`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			show, ok := map[string]func(io.Writer, *diff.Result) error{
				"text": printDiff, "md": cli.DiffMarkdown, "json": func(w io.Writer, r *diff.Result) error { return cli.JSON(w, r) },
			}[format]
			if !ok {
				return cli.Usage("--format %q: write text, md or json", format)
			}
			now, err := cli.Clock(at)
			if err != nil {
				return err
			}
			before, err := cli.LoadMapping(args[0])
			if err != nil {
				return err
			}
			after, err := cli.LoadMapping(args[1])
			if err != nil {
				return err
			}
			r := diff.Compare(before, after, now())
			for _, rule := range allow {
				if !r.AllowGain(rule) {
					fmt.Fprintf(cmd.ErrOrStderr(), "claimgate: --allow-gain %q: nobody gains by a rule of that name, or rules of two kinds have the name; write a principal such as group:NAME\n", rule)
				}
			}
			if err := show(cmd.OutOrStdout(), r); err != nil {
				return err
			}
			if r.Gained() {
				return cli.Exit(cli.ExitGains, nil)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&format, "format", "text", "text, md or json")
	flags.StringArrayVar(&allow, "allow-gain", nil, "a rule's name, or a principal such as group:NAME, whose gains are reviewed; may be given several times")
	flags.StringVar(&at, "at", "", "compare the mappings from this date or time on; default now")
	return cmd
}

func printDiff(w io.Writer, r *diff.Result) error {
	var b strings.Builder
	for _, s := range cli.DiffSections(r) {
		if len(s.Changes) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s\n", strings.ToLower(s.Title))
		last := ""
		for _, c := range s.Changes {
			if who := cli.Whose(&c); who != last {
				fmt.Fprintf(&b, "  %s\n", who)
				last = who
			}
			for i, line := range cli.Wrap(cli.ShortActions(c.Actions), 92) {
				fmt.Fprintf(&b, "    %s %s\n", map[bool]string{true: s.Sign, false: " "}[i == 0], line)
			}
			for i, resource := range c.Resources {
				fmt.Fprintf(&b, "      %-6s %s\n", map[bool]string{true: "on", false: ""}[i == 0], resource)
			}
			for _, resource := range c.Within {
				fmt.Fprintf(&b, "      %-6s %s\n", "within", resource)
			}
			for i, resource := range c.Except {
				fmt.Fprintf(&b, "      %-6s %s\n", map[bool]string{true: "except", false: ""}[i == 0], resource)
			}
			for _, condition := range c.Conditions {
				fmt.Fprintf(&b, "      %-6s %s\n", "if", condition)
			}
			for _, rule := range c.Rules {
				fmt.Fprintf(&b, "      %-6s %s %q, %s:%d\n", "by", rule.Kind, rule.Name, rule.File, rule.Line)
			}
		}
	}
	if b.Len() == 0 {
		b.WriteString("nobody gains or loses anything\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
