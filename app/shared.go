package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/app/review/offline"
	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/mapping"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The help texts of flags that several commands have.
const (
	atHelp     = "check the expiry of grants at this date or time; default now"
	configHelp = "config.toml with the evidence and owner rules and the issuers; default: the default rules"
)

// groupCmd makes a command that only holds sub-commands. Without a sub-command it prints its help.
func groupCmd(use, short string, subs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(subs...)
	return cmd
}

// identityFlags adds the flags that describe an identity. --claim fills claims, the other flags fill q.
func identityFlags(flags *pflag.FlagSet, q *offline.Question, claims *[]string) {
	flags.StringVar(&q.Subject, "sub", "", "the token's sub")
	flags.StringVar(&q.Issuer, "issuer", "", "the name of the token's issuer; default: the only one, else authentik")
	flags.StringArrayVar(&q.Groups, "group", nil, "a group of the token; may be given several times")
	flags.StringArrayVar(claims, "claim", nil, "a claim of the token, NAME=TEXT or NAME:=JSON; a name given twice is a list")
	flags.StringVar(&q.Account, "account", "", "the static MinIO key that signs, instead of a token")
}

// checkFormat returns an error for wrong usage unless format is one of formats.
func checkFormat(format string, formats ...string) error {
	if slices.Contains(formats, format) {
		return nil
	}
	last := len(formats) - 1
	return cli.Usage("--format %q: write %s or %s", format, strings.Join(formats[:last], ", "), formats[last])
}

// loadConfig loads config.toml with the environment, or the environment alone if file is empty. The error lists
// the findings and has cli.ExitUsage.
func loadConfig(file string) (*config.Config, error) {
	c, found := config.Load(file, os.Environ())
	if c == nil {
		return nil, cli.Exit(cli.ExitUsage, finding.AsError(found))
	}
	return c, nil
}

// loadMapping loads a mapping and parses --at. The errors have cli.ExitUsage.
func loadMapping(file, at string) (*mapping.Mapping, func() time.Time, error) {
	now, err := cli.Clock(at)
	if err != nil {
		return nil, nil, err
	}
	m, err := cli.LoadMapping(file)
	return m, now, err
}

// openGate returns a gate that decides by the mapping file, and by configFile if that is not empty. The caller
// closes the gate.
func openGate(mappingFile, configFile, issuer string, now func() time.Time) (*offline.Gate, error) {
	m, err := cli.LoadMapping(mappingFile)
	if err != nil {
		return nil, err
	}
	o, err := cli.OfflineOptions(m, configFile, issuer, now, os.Environ())
	if err != nil {
		return nil, err
	}
	return offline.New(o)
}

// errNoLog returns the error for a file in which no line is a decision.
func errNoLog(file string) error {
	return cli.Exit(cli.ExitUsage, fmt.Errorf("%s is not a decision log: no line is a decision", file))
}
