package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/internal/parent"
	"github.com/spf13/cobra"
)

type whoisFlags struct {
	sub, issuer, parent, config, format string
}

// parentName is the parent of one person on one kind of server.
type parentName struct {
	Issuer string `json:"issuer"`
	URL    string `json:"url"`
	Server string `json:"server"` // minio or rustfs
	Parent string `json:"parent"`
	Fits   *bool  `json:"fits,omitempty"` // only with --parent: whether Parent equals it
}

// newWhoisCmd makes `claimgate whois`, which prints the names that servers have for a person of an issuer.
func newWhoisCmd() *cobra.Command {
	var f whoisFlags
	cmd := &cobra.Command{
		Use:   "whois",
		Short: "Print the parent names of a person on MinIO and RustFS",
		Long: `whois computes the parent: the name under which MinIO and RustFS keep the
sessions and the access keys of a person who logged in through an issuer. With
this name an operator finds the access keys of somebody who has left, in
"mc idp openid accesskey ls ALIAS" or "mc admin user svcacct ls ALIAS PARENT",
and removes them with "mc idp openid accesskey rm ALIAS KEY".

The name depends on the token's sub and iss, byte for byte. The issuers are
those of --config, or --issuer is a URL. With --parent, whois says whether a
name belongs to the person.

Exit codes: 0 fine; 1 with --parent, the name belongs to somebody else; 2 wrong
usage or an unreadable file.`,
		Example: `  claimgate whois --sub 5f3b... --config config.toml
  claimgate whois --sub ada \
    --issuer https://auth.example.com/application/o/minio/
  claimgate whois --sub ada --config config.toml --parent kTSXNDxrCh7L...`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd.OutOrStdout(), os.Environ()) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.sub, "sub", "", "the token's sub")
	flags.StringVar(&f.issuer, "issuer", "", "the issuer's name in config.toml, or its URL; default: every issuer")
	flags.StringVar(&f.parent, "parent", "", "a parent that a server shows, to compare")
	flags.StringVar(&f.config, "config", os.Getenv(config.EnvConfig), "config.toml with the issuers")
	flags.StringVar(&f.format, "format", "table", "table or json")
	return cmd
}

func (f *whoisFlags) run(w io.Writer, env []string) error {
	if err := checkFormat(f.format, "table", "json"); err != nil {
		return err
	}
	if f.sub == "" {
		return cli.Usage("say who: --sub, as in the token")
	}
	issuers, err := f.issuers(env)
	if err != nil {
		return err
	}
	var list []parentName
	fits := false
	for _, i := range issuers {
		for _, server := range []struct {
			name string
			of   func(iss, sub string) parent.Name
		}{{"minio", parent.MinIO}, {"rustfs", parent.RustFS}} {
			p := parentName{Issuer: i[0], URL: i[1], Server: server.name, Parent: server.of(i[1], f.sub).String()}
			if f.parent != "" {
				fit := p.Parent == f.parent
				p.Fits, fits = &fit, fits || fit
			}
			list = append(list, p)
		}
	}
	if err := f.show(w, list); err != nil {
		return err
	}
	if f.parent != "" && !fits {
		return cli.Exit(cli.ExitFound, errors.New("the parent belongs to somebody else, or to another issuer: iss and sub count byte for byte, also the slash at the end of iss"))
	}
	return nil
}

// issuers returns the name and the URL of each issuer that the flags select.
func (f *whoisFlags) issuers(env []string) (list [][2]string, err error) {
	if strings.Contains(f.issuer, "://") {
		return [][2]string{{"-", f.issuer}}, nil
	}
	if f.config == "" {
		return nil, cli.Usage("name the issuer: --config config.toml with the issuers, or --issuer with a URL, byte for byte as in the token's iss")
	}
	if err := cli.Readable(f.config); err != nil {
		return nil, cli.Exit(cli.ExitUsage, err)
	}
	c, found := config.Load(f.config, env)
	if c == nil || finding.HasErrors(found) {
		return nil, cli.Exit(cli.ExitUsage, fmt.Errorf("%s has errors:\n%w", f.config, finding.AsError(found)))
	}
	var names []string
	for n := range c.Issuers {
		i := &c.Issuers[n]
		names = append(names, i.Name)
		if f.issuer == "" || f.issuer == i.Name {
			list = append(list, [2]string{i.Name, i.URL})
		}
	}
	if len(list) == 0 {
		return nil, cli.Usage("--issuer %q: %s has %s", f.issuer, f.config, strings.Join(names, ", "))
	}
	return list, nil
}

func (f *whoisFlags) show(w io.Writer, list []parentName) error {
	if f.format == "json" {
		return cli.JSON(w, list)
	}
	lines := [][]string{{"ISSUER", "SERVER", "PARENT"}}
	if f.parent != "" {
		lines[0] = append(lines[0], "FITS")
	}
	for _, p := range list {
		line := []string{p.Issuer, p.Server, p.Parent}
		if p.Fits != nil {
			line = append(line, map[bool]string{true: "yes", false: "no"}[*p.Fits])
		}
		lines = append(lines, line)
	}
	return cli.Table(w, lines, 0)
}
