package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"runtime"
	"time"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/console"
	"github.com/claimgate/claimgate/internal/pemfile"
	"github.com/spf13/cobra"
)

type consoleFlags struct {
	o               console.Options
	listen, at      string
	open, iKnow     bool
	tlsCert, tlsKey string
}

// newConsoleCmd makes `claimgate console`, which shows a mapping and its decision log in the browser.
func newConsoleCmd() *cobra.Command {
	var f consoleFlags
	cmd := &cobra.Command{
		Use:   "console",
		Short: "Explore a mapping and its decision log in the browser",
		Long: `console serves a web page about a mapping on the loopback interface: who may do
what, why a request is allowed or denied, what an edited mapping would change,
and the decision log as it grows. Its answers are those of the commands. It
only reads, and loads nothing from other hosts. A browser needs the key in the
address that console prints.

--against FILE, or git:REV such as git:main, sets the mapping that an edited
mapping is compared with; the default is the file on disk. An address outside
the loopback interface needs TLS (--tls-cert, --tls-key) and --i-know, because
anybody with the key can read the log.

Exit codes: 0 stopped; 1 it cannot listen on the address; 2 wrong usage or an
unreadable file.`,
		Example: `  claimgate console --mapping mapping.toml --audit decisions.jsonl --open
  claimgate console --mapping mapping.toml --against git:main`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.o.Mapping, "mapping", "", "mapping.toml to show")
	flags.StringVar(&f.o.Against, "against", "", "compare an edited mapping with this file or git:REV; default: the file on disk")
	flags.StringVar(&f.o.Audit, "audit", "", "a decision log to show and follow")
	flags.StringVar(&f.o.Tests, "tests", "", "test cases to run")
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8090", "the address of the page; port 0 for any")
	flags.StringVar(&f.at, "at", "", atHelp)
	flags.BoolVar(&f.open, "open", false, "open the page in the browser")
	flags.BoolVar(&f.iKnow, "i-know", false, "allow an address that others reach")
	flags.StringVar(&f.tlsCert, "tls-cert", "", "the certificate for TLS")
	flags.StringVar(&f.tlsKey, "tls-key", "", "the certificate's key")
	return cmd
}

func (f *consoleFlags) run(ctx context.Context, stdout, stderr io.Writer) error {
	if f.o.Mapping == "" {
		return cli.Usage("name the mapping with --mapping FILE")
	}
	for _, file := range []string{f.o.Mapping, f.o.Audit, f.o.Tests} {
		if file == "" {
			continue
		}
		if err := cli.Readable(file); err != nil {
			return cli.Exit(cli.ExitUsage, err)
		}
	}
	var err error
	if f.o.Now, err = cli.Clock(f.at); err != nil {
		return err
	}
	certificate, err := f.check()
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", f.listen)
	if err != nil {
		return cli.Exit(cli.ExitFound, err)
	}
	if f.o.TLS = certificate != nil; f.o.TLS && certificate.Leaf != nil {
		f.o.Names = certificate.Leaf.DNSNames
	}
	c, err := console.New(f.o, listener.Addr())
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	server := c.Server()
	if certificate != nil {
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12})
	}
	fmt.Fprintf(stdout, "console: %s\n", c.Address())
	if f.open {
		if err := browse(ctx, c.Address()); err != nil {
			fmt.Fprintf(stderr, "claimgate: the browser cannot be opened (%v): open the address above\n", err)
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err = <-ended:
	case <-ctx.Done():
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		err = server.Shutdown(stop)
		if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
	}
	if errors.Is(err, context.DeadlineExceeded) { // a page is still being written: the exit cuts it off
		return nil
	}
	return err
}

// check refuses a --listen outside the loopback interface, unless there is TLS and --i-know. It returns the
// certificate, or nil without TLS.
func (f *consoleFlags) check() (*tls.Certificate, error) {
	host, _, err := net.SplitHostPort(f.listen)
	if err != nil {
		return nil, cli.Usage("--listen %q: write an address and a port, such as 127.0.0.1:8090", f.listen)
	}
	ip := net.ParseIP(host)
	loopback := host == "localhost" || ip != nil && ip.IsLoopback()
	switch {
	case (f.tlsCert == "") != (f.tlsKey == ""):
		return nil, cli.Usage("--tls-cert and --tls-key belong together")
	case !loopback && (!f.iKnow || f.tlsCert == ""):
		return nil, cli.Usage("--listen %s is reached by others: listen on 127.0.0.1, or add --i-know and TLS with --tls-cert and --tls-key", f.listen)
	case f.tlsCert == "":
		return nil, nil //nolint:nilnil // no TLS on the loopback interface
	}
	certificate, err := pemfile.KeyPair(f.tlsCert, f.tlsKey)
	if err != nil {
		return nil, cli.Exit(cli.ExitUsage, err)
	}
	return &certificate, nil
}

// browse opens an address in the desktop's browser. It does not wait for the browser.
func browse(ctx context.Context, address string) error {
	command := map[string][]string{"darwin": {"open"}, "windows": {"rundll32", "url.dll,FileProtocolHandler"}}[runtime.GOOS]
	if command == nil {
		command = []string{"xdg-open"}
	}
	return exec.CommandContext(ctx, command[0], append(command[1:], address)...).Start() //nolint:gosec // the console's own address, or the issuer's login page
}
