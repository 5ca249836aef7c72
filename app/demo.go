package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/claimgate/claimgate"
	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/app/demo"
	"github.com/claimgate/claimgate/app/demo/issuer"
	"github.com/claimgate/claimgate/app/serve"
	"github.com/claimgate/claimgate/internal/finding"
	"github.com/spf13/cobra"
)

func newDemoCmd() *cobra.Command {
	var listen string
	var once bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the server with an embedded issuer and sample requests",
		Long: `demo starts the real server with an embedded issuer that imitates Authentik and
with the example mapping. It sends the requests of a MinIO, prints the answers,
and keeps running for a MinIO of your own. It reads no files and fetches
nothing. Its users and app passwords are public. Therefore it listens on the
loopback interface, and is for trying only.

Exit codes: 0 every answer was as expected; 1 an answer was not, or the server
failed.`,
		Example: `  claimgate demo
  claimgate demo --once
  claimgate demo --listen 127.0.0.1:9090`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return runDemo(ctx, listen, once, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "the address of the server")
	cmd.Flags().BoolVar(&once, "once", false, "exit after the sample requests, with 1 if an answer is unexpected")
	cmd.AddCommand(newDemoIssuerCmd())
	return cmd
}

func runDemo(ctx context.Context, listen string, once bool, out io.Writer) (err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	dir, err := os.MkdirTemp("", "claimgate-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	iss, err := issuer.Listen(ctx, "127.0.0.1:0", issuer.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, iss.Close()) }()
	s, err := demoService(ctx, dir, listen, iss.URL(), iss.ClientID())
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	defer func() {
		http.DefaultClient.CloseIdleConnections() // the server's stop waits for open connections
		stop()
		err = errors.Join(err, <-ended)
	}()
	if err := s.WaitReady(ctx); err != nil {
		return err
	}
	iss.SetLogoutURI(strings.TrimSuffix(s.URL(), "/authz") + "/backchannel-logout")
	cases, err := demo.Cases(iss.Issuer, time.Now())
	if err != nil {
		return err
	}
	wrong, err := ask(ctx, s.URL(), cases, out)
	if err != nil {
		return err
	}
	if wrong > 0 {
		return cli.Exit(cli.ExitFound, fmt.Errorf("%d of %d answers differ from what the demo expects", wrong, len(cases)))
	}
	if once {
		return nil
	}
	fmt.Fprintf(out, demoText, s.URL(), iss.URL(), iss.ClientID(), iss.URL(), iss.ClientID(), filepath.Join(dir, mappingName), filepath.Join(dir, logName))
	<-ctx.Done()
	return nil
}

const demoText = `
Point a MinIO at it (mc and every S3 client then get these answers):

  export MINIO_POLICY_PLUGIN_URL=%s
  export MINIO_IDENTITY_OPENID_CONFIG_URL=%s.well-known/openid-configuration MINIO_IDENTITY_OPENID_CLIENT_ID=%s MINIO_IDENTITY_OPENID_CLIENT_SECRET="$(openssl rand -hex 32)" MINIO_IDENTITY_OPENID_ROLE_POLICY=decided-by-claimgate
  minio server "$(mktemp -d)"

Log in as one of the demo's users, and every S3 client works (docs/clients.md):

  claimgate login --profile demo --issuer %s --client-id %s --endpoint http://127.0.0.1:9000
  eval "$(claimgate credentials --profile demo --format mc)" && mc ls demo

The mapping, which you may edit while this runs: %s
The log, with a line for each decision:          %s
Stop with Ctrl-C.
`

// The files of the demo, in a directory that the demo removes at its end.
const (
	mappingName = "mapping.toml"
	logName     = "decisions.jsonl"
)

// demoService returns the real service. Its configuration comes from environment variables alone.
func demoService(ctx context.Context, dir, listen, issuerURL, audience string) (*serve.Service, error) {
	mappingFile := filepath.Join(dir, mappingName)
	if err := os.WriteFile(mappingFile, claimgate.ExampleMapping, 0o600); err != nil {
		return nil, err
	}
	c, found := config.Load("", []string{
		"CLAIMGATE_SERVER_LISTEN=" + listen,
		"CLAIMGATE_ADMIN_LISTEN=127.0.0.1:0",
		"CLAIMGATE_ISSUER_0_URL=" + issuerURL,
		"CLAIMGATE_ISSUER_0_AUDIENCES=" + audience,
		"CLAIMGATE_MAPPING_FILE=" + mappingFile,
		"CLAIMGATE_AUDIT_OUTPUT=" + filepath.Join(dir, logName),
		"CLAIMGATE_SERVER_DRAIN_DELAY=0s", "CLAIMGATE_SERVER_SHUTDOWN_GRACE=2s", // no balancer is in front
		"CLAIMGATE_LOG_LEVEL=error",
		"CLAIMGATE_LOG_FORMAT=console",
	})
	if c == nil {
		return nil, finding.AsError(found)
	}
	return serve.New(ctx, c, buildInfo(), serve.NewLog(c.Log))
}

// ask sends the questions and prints a line for each. It returns the number of unexpected answers.
func ask(ctx context.Context, url string, cases []demo.Case, out io.Writer) (wrong int, err error) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "WHO\tACTION\tOBJECT\tANSWER\tREASON")
	for _, c := range cases {
		allow, reason, err := demo.Ask(ctx, url, c.Body)
		if err != nil {
			return wrong, err
		}
		answer, note := "deny", ""
		if allow {
			answer = "allow"
		}
		if allow != c.Allow || reason != c.Reason {
			wrong++
			note = fmt.Sprintf("\tEXPECTED %s", c.Reason)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s%s\n", c.Who, c.Action, orDash(c.Object), answer, reason, note)
	}
	return wrong, w.Flush()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
