package main

import (
	"os"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/app/serve"

	"github.com/spf13/cobra"
)

func newDoctorCmd() *cobra.Command {
	var configFile string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Try everything that serve needs, and report problems",
		Long: `doctor loads the configuration and the mapping, asks every issuer for its keys,
and tries the store of revocations, the listeners, the certificate, the
decision log, the files that are written later, and the limit of open files, as
serve does. It prints a line for each, with a fix if something is wrong, and
the settings that MinIO needs. doctor serves nothing. It changes nothing,
except that it creates the file of the decision log. server.listen and
admin.listen fail while a claimgate runs on this machine.

Exit codes: 0 all is well; 1 something is wrong; 2 the configuration does not
load.`,
		Example: "  claimgate doctor --config /etc/claimgate/config.toml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(configFile)
			if err != nil {
				return err
			}
			if !serve.Diagnose(cmd.Context(), c, cmd.OutOrStdout()) {
				return cli.Exit(cli.ExitFound, nil)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&configFile, "config", os.Getenv(config.EnvConfig), "config.toml; without it only the environment is read")
	return cmd
}
