package main

import (
	"context"
	"fmt"
	"io"

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
		Long: `can lists what an identity may do. Each row has the actions, shortened to
patterns, the resources, the condition, what a Deny or a guard takes away, and
the rule and policy. The identity comes from flags or from a recorded request.
can does not check the token. It leaves session policies out, because they only
narrow.

Exit codes: 0 fine, also if it may do nothing; 2 wrong usage or unreadable
input.`,
		Example: `  claimgate can --mapping mapping.toml --sub u-123 --group analytics
  claimgate can --mapping mapping.toml --group analytics --on 'reports/*'
  tail -1 decisions.jsonl | claimgate can --mapping mapping.toml --request -`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(f.format, "table", "json", "csv"); err != nil {
				return err
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
	flags.StringVar(&f.mapping, "mapping", "", "mapping.toml to read")
	flags.StringVar(&f.config, "config", "", configHelp)
	flags.StringVar(&f.request, "request", "", "a file with one recorded request; - for standard input")
	flags.StringVar(&f.on, "on", "", "only this resource, as in a policy, such as reports/*")
	flags.StringVar(&f.at, "at", "", atHelp)
	flags.StringVar(&f.format, "format", "table", "table, json or csv")
	identityFlags(flags, &f.question, &f.claims)
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
		return nil, cli.Usage("say who: --sub, --group or --claim for a token's holder, --account for a static MinIO key, or --request for the identity of a recorded request")
	}
	now, err := cli.Clock(f.at)
	if err != nil {
		return nil, err
	}
	if err := setClaims(q, f.claims); err != nil {
		return nil, err
	}
	if token && q.Subject == "" {
		q.Subject = "somebody"
	}
	q.Action, q.Bucket, q.Object = "s3:GetObject", "any", "any"
	gate, err := openGate(f.mapping, f.config, q.Issuer, now)
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
