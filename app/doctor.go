package main

import (
	"os"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/app/serve"
	"github.com/claimgate/claimgate/internal/finding"
	"github.com/spf13/cobra"
)

func newDoctorCmd() *cobra.Command {
	var configFile string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Try everything that serve needs, and say what is wrong",
		Long: `Load the configuration and the mapping, ask every issuer for its keys, and try the
store of revocations, the listeners, the certificate, the decision log, the files
that are written later and the bound on open files, as serve would. Prints a line
for each, with the fix where something is wrong, and what MinIO's settings must be.
Nothing is served, and nothing changed but that a decision log that is a file is
created. server.listen and admin.listen fail while a claimgate runs here.

Exit codes: 0 all is well; 1 something is wrong; 2 the configuration does not load.`,
		Example: "  claimgate doctor --config /etc/claimgate/config.toml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, found := config.Load(configFile, os.Environ())
			if c == nil {
				return cli.Exit(cli.ExitUsage, finding.AsError(found))
			}
			if !serve.Diagnose(cmd.Context(), c, cmd.OutOrStdout()) {
				return cli.Exit(cli.ExitFound, nil)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&configFile, "config", os.Getenv(config.EnvConfig), "config.toml")
	return cmd
}
