package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/claimgate/claimgate/app/audit"
	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/verifier"
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
			return runDoctor(cmd.Context(), configFile, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&configFile, "config", os.Getenv(config.EnvConfig), "config.toml")
	return cmd
}

// patient is one configuration under examination.
type patient struct {
	config *config.Config
	out    io.Writer
	sick   bool
}

func runDoctor(ctx context.Context, configFile string, out io.Writer) error {
	c, found := config.Load(configFile, os.Environ())
	if c == nil {
		return cli.Exit(cli.ExitUsage, findingsError(found))
	}
	p := &patient{config: c, out: out}
	p.say("configuration", nil, "loads")
	for _, w := range c.Warnings() {
		fmt.Fprintf(out, "note  %-14s %s\n", "configuration", w)
	}
	p.mapping()
	p.issuers(ctx)
	p.store(ctx)
	p.listeners(ctx)
	p.certificate()
	p.files()
	p.audit()
	p.minio()
	if p.sick {
		return cli.Exit(cli.ExitFound, nil)
	}
	return nil
}

// say prints one line: ok with what is well, or fail with what is not.
func (p *patient) say(what string, err error, well string) {
	if err != nil {
		p.sick = true
		fmt.Fprintf(p.out, "fail  %-14s %v\n", what, err)
		return
	}
	fmt.Fprintf(p.out, "ok    %-14s %s\n", what, well)
}

func (p *patient) mapping() {
	m, found := mapping.Load(p.config.Mapping.File)
	if m != nil {
		found = append(found, m.CheckIssuers(issuerNames(p.config))...)
	}
	if m == nil || finding.HasErrors(found) {
		p.say("mapping", findingsError(found), "")
		return
	}
	p.say("mapping", nil, fmt.Sprintf("%s, revision %.16s, %d warnings (claimgate check lists them)", p.config.Mapping.File, m.Revision(), len(found)))
}

func (p *patient) issuers(ctx context.Context) {
	o := verifierOptions(p.config)
	for i := range o.Issuers {
		o.Issuers[i].SnapshotFile = "" // what the issuer says now is asked for
	}
	v, err := verifier.New(o)
	if err != nil {
		p.say("issuers", err, "")
		return
	}
	defer v.Close()
	v.Start()
	waitKeys(ctx, v)
	for _, st := range v.States() {
		var err error
		switch {
		case st.Error != "":
			err = errors.New(st.Error)
		case !st.Usable:
			err = errors.New(st.URL + " did not answer in time: is it reachable from here?")
		}
		p.say("issuer "+st.Issuer, err, fmt.Sprintf("%s, %d signing keys", st.URL, st.Keys))
		for _, skipped := range st.Skipped {
			fmt.Fprintf(p.out, "note  %-14s not used: %s\n", "issuer "+st.Issuer, skipped)
		}
	}
}

func (p *patient) listeners(ctx context.Context) {
	var lc net.ListenConfig
	for what, address := range map[string]string{"server.listen": p.config.Server.Listen, "admin.listen": p.config.Admin.Listen} {
		l, err := lc.Listen(ctx, "tcp", address)
		if err == nil {
			err = l.Close()
		} else {
			err = fmt.Errorf("%w: is claimgate running already?", err)
		}
		p.say(what, err, address+" is free")
	}
}

func (p *patient) audit() {
	l, err := audit.Open(p.config.Audit.Output, p.config.Audit.Allow)
	if err == nil {
		err = l.Close()
	}
	p.say("decision log", err, p.config.Audit.Output)
}
