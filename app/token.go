package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/app/serve"

	"github.com/claimgate/claimgate/internal/utf8text"
	"github.com/claimgate/claimgate/verifier"
	"github.com/spf13/cobra"
)

func newTokenCmd() *cobra.Command {
	return groupCmd("token", "Inspect tokens", newInspectCmd())
}

func newInspectCmd() *cobra.Command {
	var configFile, token, format string
	cmd := &cobra.Command{
		Use:   "inspect [FILE]",
		Short: "Show the content of a token and the result of each check",
		Long: `inspect prints the header and the claims of a token, and each check of the
server, in its order, with what to change if the check fails. The token is
--token, or the content of FILE, or standard input for "-" or nothing. Prefer a
file or standard input, because the process list shows arguments.

With --config it asks the issuers of config.toml for their keys. Without it no
issuer is known, so only the format and the header are checked. inspect prints
neither the signature nor tokens inside claims.

Exit codes: 0 no check failed; 1 a check failed; 2 no token, or a bad
configuration.`,
		Example: `  claimgate token inspect --config config.toml token.jwt
  claimgate token inspect --config config.toml --token - < token.jwt`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := readToken(token, args, cmd.InOrStdin())
			if err != nil {
				return cli.Exit(cli.ExitUsage, err)
			}
			return inspect(cmd.Context(), configFile, text, format, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&configFile, "config", os.Getenv(config.EnvConfig), "config.toml with the issuers")
	cmd.Flags().StringVar(&token, "token", "", `the token, or "-" for standard input`)
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

// readToken returns the token of --token, of the file or of the standard input, without surrounding white space
// and without the prefix "Bearer ".
func readToken(token string, args []string, stdin io.Reader) (string, error) {
	const most = 1 << 20
	var text []byte
	var err error
	switch {
	case token != "" && len(args) > 0:
		return "", errors.New("give the token once: with --token or in a file")
	case token != "" && token != "-":
		text = []byte(token)
	case len(args) == 1 && args[0] != "-":
		text, err = os.ReadFile(args[0])
	default:
		text, err = io.ReadAll(io.LimitReader(stdin, most+1))
	}
	if err != nil {
		return "", err
	}
	if len(text) > most {
		return "", errors.New("the input is larger than any token")
	}
	if text, err = utf8text.Decode(text); err != nil {
		return "", fmt.Errorf("%w: %s", err, utf8text.Fix)
	}
	if text = bytes.TrimSpace(text); len(text) == 0 {
		return "", errors.New("the input holds no token")
	}
	return strings.TrimPrefix(string(text), "Bearer "), nil
}

// noIssuer is the only issuer if there is no --config. No token has this issuer, so the checks stop there.
var noIssuer = verifier.Issuer{
	Name: "none", URL: "https://no-issuer.invalid/", Audiences: []string{"none"}, Algorithms: verifier.Algorithms(),
	MaxLifetime: time.Hour, Refresh: time.Hour, RefetchCooldown: time.Hour, MaxStale: time.Hour,
}

func inspect(ctx context.Context, configFile, token, format string, out io.Writer) error {
	if err := checkFormat(format, "text", "json"); err != nil {
		return err
	}
	o := verifier.Options{Issuers: []verifier.Issuer{noIssuer}}
	if configFile != "" {
		c, err := loadConfig(configFile)
		if err != nil {
			return err
		}
		o = serve.VerifierOptions(c)
	}
	v, err := verifier.New(o)
	if err != nil {
		return cli.Exit(cli.ExitUsage, err)
	}
	defer v.Close()
	if configFile != "" {
		v.Start()
		serve.WaitKeys(ctx, v)
	}
	in := v.Inspect(ctx, token)
	if configFile == "" {
		withoutIssuers(in.Checks)
	}
	if err := printInspection(out, &in, format); err != nil {
		return err
	}
	for _, c := range in.Checks {
		if c.Outcome == verifier.Failed {
			return cli.Exit(cli.ExitFound, nil)
		}
	}
	return nil
}

// withoutIssuers marks the failed issuer check as not reached, because no issuer is configured.
func withoutIssuers(checks []verifier.Check) {
	for i := range checks {
		if checks[i].Name == "issuer" && checks[i].Outcome == verifier.Failed {
			checks[i] = verifier.Check{
				Name: "issuer", Asks: checks[i].Asks, Outcome: verifier.NotReached,
				Detail: checks[i].Detail, Hint: "give --config: without it no issuer is known, and no key",
			}
		}
	}
}

func printInspection(out io.Writer, in *verifier.Inspection, format string) error {
	header, claims := shown(in.Header), shown(in.Payload)
	if format == "json" {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(map[string]any{"good": in.Identity != nil, "header": header, "claims": claims, "checks": in.Checks})
	}
	fmt.Fprintf(out, "header %s\nclaims %s\n\n", pretty(header), pretty(claims))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, c := range in.Checks {
		fmt.Fprintf(w, "%s\t%s\t%s\n", c.Outcome, c.Name, c.Asks)
		if c.Detail != "" {
			fmt.Fprintf(w, "\t\t  %s %s\n", c.Reason, c.Detail)
		}
		if c.Hint != "" {
			fmt.Fprintf(w, "\t\t  fix: %s\n", c.Hint)
		}
	}
	return w.Flush()
}

// tokenLike finds signed tokens inside claims, such as authentik_token.
var tokenLike = regexp.MustCompile(`[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}`)

// shown returns a part of a token as JSON, with the tokens inside replaced. It does not show a part that is not
// JSON.
func shown(part []byte) json.RawMessage {
	if !json.Valid(part) {
		return json.RawMessage(`"not readable"`)
	}
	return tokenLike.ReplaceAll(part, []byte("[a token, not shown]"))
}

func pretty(text json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		return string(text)
	}
	return b.String()
}
