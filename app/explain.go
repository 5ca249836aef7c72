package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/review/explain"
	"github.com/claimgate/claimgate/app/review/offline"
	"github.com/claimgate/claimgate/internal/utf8text"
	"github.com/claimgate/claimgate/mapping/policy"
	"github.com/spf13/cobra"
)

// explainFlags are the flags of `claimgate explain`.
type explainFlags struct {
	mapping, config, request, at, format string
	question                             offline.Question
	claims, conditions                   []string
}

// newExplainCmd makes `claimgate explain`, which shows why one request is allowed or denied.
func newExplainCmd() *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:   "explain",
		Short: "Explain why a request is allowed or denied, down to the rule",
		Long: `explain decides one request with the code that answers MinIO, and shows each
step: the rule and the statement that decided, by file and line, and what would
have to be true for the opposite answer. The request is a recorded one (a
webhook's body, a line of a recording of bodies, or a line of the decision
log), or comes from flags.

explain does not check the token: a recorded token has expired, and its
signature cannot be checked without its issuer. POST /explain on the admin
listener of a running server takes a body and makes every check.

Exit codes: 0 for either answer; 2 the request or a file cannot be read.`,
		Example: `  claimgate explain --mapping mapping.toml --sub u-123 --group "MinIO users" \
    --action s3:PutObject --bucket reports --object q1.csv
  claimgate explain --mapping mapping.toml --account velero \
    --action s3:DeleteObject --bucket backups --object x
  tail -1 decisions.jsonl | claimgate explain --mapping mapping.toml --request -`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runExplain(cmd, &f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.mapping, "mapping", "", "mapping.toml to decide by")
	flags.StringVar(&f.config, "config", "", configHelp)
	flags.StringVar(&f.request, "request", "", "a file with one recorded request; - for standard input")
	flags.StringVar(&f.at, "at", "", atHelp)
	flags.StringVar(&f.format, "format", "text", "text or json")
	q := &f.question
	identityFlags(flags, q, &f.claims)
	flags.StringVar(&q.Action, "action", "", "the action, such as s3:GetObject")
	flags.StringVar(&q.Bucket, "bucket", "", "the bucket")
	flags.StringVar(&q.Object, "object", "", "the object's key")
	flags.StringArrayVar(&f.conditions, "condition", nil, "a condition that MinIO sends, NAME=VALUE, such as SourceIp=10.0.0.1")
	flags.BoolVar(&q.DenyOnly, "deny-only", false, "a self-service request, which is allowed unless a policy denies it")
	flags.BoolVar(&q.Owner, "owner", false, "root signs the request")
	completeFlags(cmd)
	return cmd
}

func runExplain(cmd *cobra.Command, f *explainFlags) error {
	if err := checkFormat(f.format, "text", "json"); err != nil {
		return err
	}
	now, err := cli.Clock(f.at)
	if err != nil {
		return err
	}
	if err := f.parse(cmd.ErrOrStderr()); err != nil {
		return err
	}
	gate, err := openGate(f.mapping, f.config, f.question.Issuer, now)
	if err != nil {
		return err
	}
	defer gate.Close()
	x, err := f.explain(cmd.Context(), gate, cmd.InOrStdin())
	if err != nil {
		return cli.Exit(cli.ExitUsage, err)
	}
	if f.format == "json" {
		return cli.JSON(cmd.OutOrStdout(), x)
	}
	return printExplanation(cmd.OutOrStdout(), &x)
}

// parse checks that the flags describe one request, and parses --condition and --claim.
func (f *explainFlags) parse(stderr io.Writer) error {
	q := &f.question
	switch {
	case f.request != "" && (q.Action != "" || q.Subject != "" || q.Account != ""):
		return cli.Usage("--request holds the whole request: leave --sub, --account and --action out")
	case f.request != "":
		return nil
	case q.Action == "":
		return cli.Usage("name a recorded request with --request, or describe a request with --action and --sub or --account")
	case q.Subject == "" && q.Account == "":
		return cli.Usage("say who asks: --sub for a token's holder, --account for a static MinIO key")
	}
	if advice, known := policy.KnownAction(q.Action); !known {
		fmt.Fprintf(stderr, "claimgate: --action %q: MinIO has no such action; %s\n", q.Action, advice)
	}
	var err error
	if q.Conditions, err = pairs("--condition", f.conditions); err != nil {
		return err
	}
	return setClaims(q, f.claims)
}

// setClaims sets the claims of q from a list of NAME=TEXT and NAME:=JSON.
func setClaims(q *offline.Question, list []string) error {
	claims, err := pairs("--claim", list)
	if err != nil {
		return err
	}
	q.Claims = map[string]any{}
	for name, values := range claims {
		var value any = values
		if len(values) == 1 {
			value = values[0]
		}
		name, typed := strings.CutSuffix(name, ":")
		if typed && len(values) == 1 {
			if json.Unmarshal([]byte(values[0]), &value) != nil {
				return cli.Usage("--claim %s:=%s: write JSON after :=, such as true, 3 or [\"a\"]; for a text write NAME=TEXT", name, values[0])
			}
		}
		path, ok := policy.ClaimPath(name)
		if !ok {
			return cli.Usage("--claim %q: write NAME, or A/B for a nested claim; ~1 stands for a slash in a name", name)
		}
		policy.SetClaim(q.Claims, path, value)
	}
	return nil
}

// pairs parses a list of NAME=VALUE. The flag is for the error.
func pairs(flag string, list []string) (map[string][]string, error) {
	all := map[string][]string{}
	for _, pair := range list {
		name, value, found := strings.Cut(pair, "=")
		if !found || name == "" {
			return nil, cli.Usage("%s %q: write NAME=VALUE", flag, pair)
		}
		all[name] = append(all[name], value)
	}
	return all, nil
}

func (f *explainFlags) explain(ctx context.Context, gate *offline.Gate, stdin io.Reader) (explain.Explanation, error) {
	if f.request == "" {
		return gate.ExplainQuestion(ctx, &f.question)
	}
	text, err := readRequest(f.request, stdin)
	if err != nil {
		return explain.Explanation{}, err
	}
	x, err := gate.ExplainRecorded(ctx, text)
	if err != nil {
		err = fmt.Errorf("--request %s: %w", f.request, err)
	}
	return x, err
}

// maxRequest bounds a recorded request, in bytes. MinIO sends far less.
const maxRequest = 16 << 20

func readRequest(path string, stdin io.Reader) ([]byte, error) {
	in, err := cli.OpenInput(path, stdin, io.Discard)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	text, err := io.ReadAll(io.LimitReader(in, maxRequest+1))
	if err == nil && len(text) > maxRequest {
		err = errors.New("the request is larger than 16 MiB")
	}
	if err == nil {
		text, err = utf8text.Decode(text)
	}
	if err != nil {
		return nil, fmt.Errorf("--request %s: %w", path, err)
	}
	return text, nil
}

func printExplanation(w io.Writer, x *explain.Explanation) error {
	var b strings.Builder
	answer := "DENY"
	if x.Allow {
		answer = "ALLOW"
	}
	fmt.Fprintf(&b, "%s  %s\n", answer, x.Reason)
	if x.Hint != "" {
		fmt.Fprintf(&b, "hint: %s\n", x.Hint)
	}
	b.WriteString("\nsteps\n")
	for _, s := range x.Steps {
		fmt.Fprintf(&b, "  %-15s %-8s %s\n", s.Step, s.Outcome, s.Detail)
	}
	if x.Rule != nil {
		fmt.Fprintf(&b, "\nrule       %s:%d  %s %q\n", x.Rule.File, x.Rule.Line, x.Rule.Kind, x.Rule.Name)
		fmt.Fprintf(&b, "statement  %s:%d  number %d of policy %s", x.Statement.File, x.Statement.Line, x.Statement.Index, x.Policy)
		if x.Statement.Sid != "" {
			fmt.Fprintf(&b, ", %q", x.Statement.Sid)
		}
		b.WriteString("\n")
	}
	word := "allowed"
	if x.Allow {
		word = "denied"
	}
	fmt.Fprintf(&b, "\nit would be %s if\n", word)
	for i, line := range x.Opposite {
		if i > 0 {
			b.WriteString("  or\n")
		}
		fmt.Fprintf(&b, "  %s\n", line)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
