package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/app/serve"

	"github.com/spf13/cobra"
)

func newHealthcheckCmd() *cobra.Command {
	var url, configFile string
	timeout := 3 * time.Second
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask a running claimgate whether it is ready",
		Long: `healthcheck asks the admin listener of a running claimgate for /readyz. It is
made for HEALTHCHECK in images without a shell.

The address is --url, else admin.listen of --config, else
CLAIMGATE_ADMIN_LISTEN, else the default of admin.listen.

Exit codes: 0 ready; 1 not ready, or no answer; 2 the configuration cannot be
read.`,
		Example: `  claimgate healthcheck
  claimgate healthcheck --config /etc/claimgate/config.toml --timeout 1s`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if url == "" {
				listen, err := adminListen(configFile)
				if err != nil {
					return cli.Exit(cli.ExitUsage, err)
				}
				url = "http://" + listen + "/readyz"
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			text, err := serve.AskReadiness(ctx, url)
			if text != "" {
				fmt.Fprintln(cmd.OutOrStdout(), text)
			}
			if err != nil {
				return cli.Exit(cli.ExitFound, err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&url, "url", "", "the address of /readyz")
	cmd.Flags().StringVar(&configFile, "config", os.Getenv(config.EnvConfig), "config.toml with admin.listen")
	cmd.Flags().DurationVar(&timeout, "timeout", timeout, "how long to wait for the answer")
	return cmd
}

// adminListen returns the host and port at which this machine reaches the admin listener.
func adminListen(configFile string) (string, error) {
	listen := "127.0.0.1:8081"
	switch {
	case configFile != "":
		c, err := loadConfig(configFile)
		if err != nil {
			return "", err
		}
		listen = c.Admin.Listen
	case os.Getenv("CLAIMGATE_ADMIN_LISTEN") != "":
		listen = os.Getenv("CLAIMGATE_ADMIN_LISTEN")
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", fmt.Errorf("admin.listen: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1" // a listener on every address includes this one
	}
	return net.JoinHostPort(host, port), nil
}
