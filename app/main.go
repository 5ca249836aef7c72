// Command claimgate answers MinIO's authorization webhook by tokens that it verifies itself. Each file of this
// package holds one sub-command.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/internal/spelling"
	"github.com/spf13/cobra"
)

func main() { os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) }

// run is the whole program, for tests to call.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cmd := newRootCmd()
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	err := unknownCommand(cmd, args)
	if err == nil {
		err = cmd.ExecuteContext(ctx)
	}
	if err == nil {
		return cli.ExitFine
	}
	var coded *cli.ExitError
	if !errors.As(err, &coded) {
		coded = &cli.ExitError{Code: cli.ExitUsage, Err: err}
	}
	if coded.Err != nil {
		fmt.Fprintln(stderr, "claimgate:", coded.Err)
	}
	return coded.Code
}

// unknownCommand returns an error if args name a command that does not exist. Without this check, cobra
// complains about the flags of such a command first.
func unknownCommand(root *cobra.Command, args []string) error {
	for _, group := range append([]*cobra.Command{root}, root.Commands()...) {
		if group != root && (len(args) == 0 || args[0] != group.Name()) {
			continue
		}
		rest := args
		if group != root {
			rest = args[1:]
		}
		if !group.HasSubCommands() || len(rest) == 0 || strings.HasPrefix(rest[0], "-") || rest[0] == "help" ||
			rest[0] == cobra.ShellCompRequestCmd || rest[0] == cobra.ShellCompNoDescRequestCmd || rest[0] == "completion" {
			continue
		}
		names := []string{"help", "completion"}
		for _, c := range group.Commands() {
			names = append(names, c.Name())
		}
		if slices.Contains(names, rest[0]) {
			continue
		}
		fix := "see " + group.CommandPath() + " --help"
		if near := spelling.Nearest(rest[0], names); near != "" {
			fix = "did you mean " + near + "?"
		}
		return cli.Usage("unknown command %q of %s; %s", rest[0], group.CommandPath(), fix)
	}
	return nil
}

func newRootCmd() *cobra.Command {
	root := &cobra.Command{
		Use:   "claimgate",
		Short: "Authorization webhook for MinIO that verifies Authentik's tokens",
		Long: `claimgate answers MinIO's authorization webhook (MINIO_POLICY_PLUGIN_URL). It
finds Authentik's token in the conditions of the request, verifies the token
itself, maps the policy claim and the groups to MinIO policies through
mapping.toml, and answers allow or deny.

Exit codes: 0 fine; 1 something was found, or a server failed; 2 wrong usage or
unreadable input; 3 somebody gains (diff).`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs, // an unknown command is wrong usage
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.AddCommand(newServeCmd(), newDemoCmd(), newCheckCmd(), newExplainCmd(), newDiffCmd(), newTestCmd(), newMatrixCmd(), newWhoCanCmd(), newCanCmd(), newProveCmd(), newReplayCmd(), newSuggestCmd(), newReportCmd(), newConsoleCmd(), newLoginCmd(), newCredentialsCmd(), newWhoamiCmd(), newLogoutCmd(), newTokenCmd(), newWhoisCmd(), newAuditCmd(), newDoctorCmd(), newVersionCmd(), newHealthcheckCmd())
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", ".FlagUsagesWrapped 80"))
	return root
}
