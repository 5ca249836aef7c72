package main

import (
	"errors"
	"os"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/app/serve"
	"github.com/claimgate/claimgate/internal/finding"
	"github.com/spf13/cobra"
)

func newServeCmd() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Answer MinIO's authorization webhook",
		Long: `Answer MinIO's authorization webhook, as config.toml says. Every key of it can also
be set from the environment, as CLAIMGATE_SERVER_LISTEN or CLAIMGATE_ISSUER_0_URL.

SIGTERM and SIGINT stop it without losing an answer: /readyz says 503 and answers
ask MinIO to leave; after server.drain_delay the listener closes; what is under way
is answered, until server.shutdown_grace is over. A second signal ends it at once.

SIGHUP reads mapping.toml, policies, caller tokens and TLS files again and reopens
the decision log; changes of these files are also seen without it. What has errors
is not taken.

systemd is told when it is ready, reloads and stops (Type=notify-reload), and that
it is alive (WatchdogSec=). GOMEMLIMIT, where it is not set, is nine tenths of the
memory that the cgroup allows.

Exit codes: 0 after a stop; 1 a listener failed; 2 the configuration, the mapping or
a file that they name cannot be used.`,
		Example: `  claimgate serve --config config.toml
  CLAIMGATE_LOG_LEVEL=debug claimgate serve --config config.toml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, found := config.Load(file, os.Environ())
			if c == nil {
				return cli.Exit(cli.ExitUsage, finding.AsError(found))
			}
			err := serve.Process(cmd.Context(), c, theBuild())
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
	cmd.Flags().StringVar(&file, "config", os.Getenv(config.EnvConfig), "config.toml; without it the environment alone counts")
	return cmd
}
