package main

import (
	"io"
	"strings"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/mapping/access"
	"github.com/claimgate/claimgate/mapping/policy"
	"github.com/spf13/cobra"
)

// newWhoCanCmd makes `claimgate who-can`, which lists everybody who may do an action.
func newWhoCanCmd() *cobra.Command {
	var file, format, at string
	cmd := &cobra.Command{
		Use:   "who-can ACTION [RESOURCE]",
		Short: "List everybody who may do an action, with conditions and denies",
		Long: `who-can lists every rule, account and claim value that allows the action, on
RESOURCE if one is named. It subtracts denies and guards, and shows a condition
beside what the condition restricts. If a guard excepts a second group, the row
names both groups.

ACTION may have wildcards as in a policy. RESOURCE is written as in a policy,
with or without arn:aws:s3:::. A principal is group:NAME, user:SUBJECT,
account:NAME or claim:NAME=VALUE; {capture} stands for what the pattern of a
group captures.

Exit codes: 0 fine, also if nobody may; 2 wrong usage or unreadable input.`,
		Example: `  claimgate who-can s3:DeleteObject 'backups/*' --mapping mapping.toml
  claimgate who-can 's3:Put*' reports --mapping mapping.toml --format json`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			show, ok := map[string]func(io.Writer, []access.Entry) error{
				"table": func(w io.Writer, list []access.Entry) error {
					return printEntries(w, list, true, "nobody may")
				},
				"json": func(w io.Writer, list []access.Entry) error { return cli.JSON(w, list) },
				"csv":  cli.EntriesCSV,
			}[format]
			if !ok {
				return cli.Usage("--format %q: write table, json or csv", format)
			}
			actions, err := actionsOf(args[0])
			if err != nil {
				return err
			}
			on := ""
			if len(args) > 1 {
				if on = args[1]; on == "" {
					return cli.Usage("RESOURCE is empty: leave it out for every resource")
				}
			}
			m, now, err := loadMapping(file, at)
			if err != nil {
				return err
			}
			return show(cmd.OutOrStdout(), access.WhoCan(m, actions, on, now()))
		},
		ValidArgsFunction: completeQuestion,
	}
	flags := cmd.Flags()
	flags.StringVar(&file, "mapping", "", "mapping.toml to read")
	flags.StringVar(&format, "format", "table", "table, json or csv")
	flags.StringVar(&at, "at", "", atHelp)
	return cmd
}

// actionsOf returns the actions that a pattern names. An action that MinIO does not know is wrong usage.
func actionsOf(pattern string) ([]string, error) {
	if actions := access.Matching(pattern); len(actions) > 0 {
		return actions, nil
	}
	if strings.ContainsAny(pattern, "*?") {
		return nil, cli.Usage("no action of MinIO matches %q; write a pattern such as s3:Get*", pattern)
	}
	advice, _ := policy.KnownAction(pattern)
	return nil, cli.Usage("no action of MinIO is called %q; %s", pattern, advice)
}

// printEntries writes a table of the entries, or the text none if there are no entries.
func printEntries(w io.Writer, list []access.Entry, principals bool, none string) error {
	if len(list) == 0 {
		_, err := io.WriteString(w, none+"\n")
		return err
	}
	return cli.Entries(w, list, principals, cli.Width(w))
}
