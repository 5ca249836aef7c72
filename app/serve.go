package main

import (
	"errors"
	"os"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/app/serve"

	"github.com/spf13/cobra"
)

func newServeCmd() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Answer MinIO's authorization webhook",
		Long: `serve answers MinIO's authorization webhook, as config.toml says. Every key of
config.toml can also be set from the environment, such as
CLAIMGATE_SERVER_LISTEN or CLAIMGATE_ISSUER_0_URL.

SIGTERM and SIGINT stop it without losing an answer: first /readyz says 503 and
answers ask MinIO to close the connection; after server.drain_delay the
listener closes; requests under way are answered until server.shutdown_grace is
over. A second signal ends it at once.

SIGHUP reads mapping.toml, policies, caller tokens and TLS files again and
reopens the decision log. Without SIGHUP, serve also sees changes of these
files. If a changed file has errors, the old content stays in force.

serve tells systemd when it is ready, reloads and stops (Type=notify-reload),
and that it is alive (WatchdogSec=). If GOMEMLIMIT is not set, it is nine
tenths of the memory limit of the cgroup.

Exit codes: 0 after a stop; 1 a listener failed; 2 the configuration, the
mapping or a file that they name cannot be used.`,
		Example: `  claimgate serve --config config.toml
  CLAIMGATE_LOG_LEVEL=debug claimgate serve --config config.toml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(file)
			if err != nil {
				return err
			}
			err = serve.Process(cmd.Context(), c, buildInfo())
			var start *serve.StartError
			switch {
			case errors.As(err, &start):
				return cli.Exit(cli.ExitUsage, err)
			case err != nil:
				return cli.Exit(cli.ExitFound, err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&file, "config", os.Getenv(config.EnvConfig), "config.toml; without it only the environment is read")
	return cmd
}
