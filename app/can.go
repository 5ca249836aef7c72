package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/review/offline"
	"github.com/claimgate/claimgate/mapping/access"
	"github.com/spf13/cobra"
)

type canFlags struct {
	mapping, config, request, on, at, format string
	question                                 offline.Question
	claims                                   []string
}

// newCanCmd makes `claimgate can`, which lists all that one identity may do.
func newCanCmd() *cobra.Command {
	var f canFlags
	cmd := &cobra.Command{
		Use:   "can",
		Short: "List all that one identity may do, and by which rule",
		Long: `can lists what an identity may do: the actions, shortened to patterns, the resources,
the condition, what a Deny or a guard takes away, and the rule and policy. The identity
is made up by flags, or it is that of a recorded request. The token is taken as given.
Session policies only narrow, and are left out.

Exit codes: 0 fine, also if it may do nothing; 2 wrong usage or unreadable input.`,
		Example: `  claimgate can --mapping mapping.toml --sub u-123 --group analytics
  claimgate can --mapping mapping.toml --group analytics --on 'reports/*' --format json
  tail -1 decisions.jsonl | claimgate can --mapping mapping.toml --request -`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.format != "table" && f.format != "json" && f.format != "csv" {
				return cli.Usage("--format %q: write table, json or csv", f.format)
			}
			list, err := f.entries(cmd.Context(), cmd.InOrStdin())
			if err != nil {
				return err
			}
			switch w := cmd.OutOrStdout(); f.format {
			case "json":
				return cli.JSON(w, list)
			case "csv":
				return cli.EntriesCSV(w, list)
			default:
				return printEntries(w, list, false, "nothing")
			}
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.mapping, "mapping", "", "mapping.toml to ask")
	flags.StringVar(&f.config, "config", "", "config.toml for evidence, owner and the issuers' names; default: its defaults")
	flags.StringVar(&f.request, "request", "", "a file with one recorded request; - for standard input")
	flags.StringVar(&f.on, "on", "", "this resource only, as in a policy: reports/*")
	flags.StringVar(&f.at, "at", "", "the time at which grants are judged; default now")
	flags.StringVar(&f.format, "format", "table", "table, json or csv")
	q := &f.question
	flags.StringVar(&q.Subject, "sub", "", "the token's sub")
	flags.StringVar(&q.Issuer, "issuer", "", "the issuer's name; default the only one, else authentik")
	flags.StringArrayVar(&q.Groups, "group", nil, "a group of the token; repeat it for several")
	flags.StringArrayVar(&f.claims, "claim", nil, "a claim of the token, NAME=TEXT or NAME:=JSON; a name given twice is a list")
	flags.StringVar(&q.Account, "account", "", "the static MinIO key that signs, instead of a token")
	completeFlags(cmd)
	return cmd
}

func (f *canFlags) entries(ctx context.Context, stdin io.Reader) ([]access.Entry, error) {
	q := &f.question
	token := q.Subject != "" || len(q.Groups) > 0 || len(f.claims) > 0
	switch {
	case f.request != "" && (token || q.Account != ""):
		return nil, cli.Usage("--request holds the identity: leave --sub, --group, --claim and --account out")
	case q.Account != "" && token:
		return nil, cli.Usage("--account is a key without a token: leave --sub, --group and --claim out")
	case f.request == "" && !token && q.Account == "":
		return nil, cli.Usage("say who: --sub, --group or --claim for a token's holder, --account for a static MinIO key, or --request for that of a recorded request")
	}
	now, err := cli.Clock(f.at)
	if err != nil {
		return nil, err
	}
	if err := claimsOf(q, f.claims); err != nil {
		return nil, err
	}
	if token && q.Subject == "" {
		q.Subject = "somebody"
	}
	q.Action, q.Bucket, q.Object = "s3:GetObject", "any", "any"
	m, err := cli.LoadMapping(f.mapping)
	if err != nil {
		return nil, err
	}
	o, err := cli.OfflineOptions(m, f.config, q.Issuer, now, os.Environ())
	if err != nil {
		return nil, err
	}
	gate, err := offline.New(o)
	if err != nil {
		return nil, err
	}
	defer gate.Close()
	body, err := f.body(gate, stdin)
	if err != nil {
		return nil, cli.Exit(cli.ExitUsage, err)
	}
	holder, err := gate.Holder(ctx, body)
	if err != nil {
		return nil, cli.Exit(cli.ExitUsage, err)
	}
	return access.Can(holder.Grants, f.on, holder.Value), nil
}

// body returns the webhook's body of the recorded request, or without --request a body made from the flags.
func (f *canFlags) body(gate *offline.Gate, stdin io.Reader) ([]byte, error) {
	if f.request == "" {
		return gate.Body(&f.question)
	}
	text, err := readRequest(f.request, stdin)
	if err != nil {
		return nil, err
	}
	recorded, err := offline.Read(text)
	if err != nil {
		return nil, fmt.Errorf("--request %s: %w", f.request, err)
	}
	if recorded.Line != nil {
		return gate.Body(recorded.Line.Question())
	}
	return recorded.Body, nil
}
