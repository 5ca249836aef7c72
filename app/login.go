package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/login"
	"github.com/spf13/cobra"
)

type loginFlags struct {
	profile           string
	set               login.Profile
	device, noBrowser bool
	port              int
}

const profileHelp = "the name of the profile, which keeps where to log in"

// newLoginCmd makes `claimgate login`, which gets MinIO's credentials for a person.
func newLoginCmd() *cobra.Command {
	var f loginFlags
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Log in with the browser and get credentials for S3 clients",
		Long: `login opens the login page of the OpenID Connect provider and exchanges the
id_token for MinIO's credentials (AssumeRoleWithWebIdentity). The profile keeps
the settings that you give with flags. claimgate credentials passes the
credentials to clients and renews them; docs/clients.md shows how for each.

The client at the provider must be public, without a secret. Its redirect URIs
must allow http://127.0.0.1:18250/callback, and the same with 18251 and 18252,
which login uses if the port is taken. --device is for a machine without a
browser. login saves the session in a file that only you can read. If the
system has a keyring, a key of the keyring seals the file; if the keyring is
locked, a warning says that the file is not sealed.

Exit codes: 0 logged in; 1 the login failed; 2 wrong usage.`,
		Example: `  claimgate login --issuer https://auth.example.com/application/o/minio/ \
    --client-id minio --endpoint https://s3.example.com
  claimgate login
  claimgate login --profile lab --device`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.profile, "profile", "default", profileHelp)
	flags.StringVar(&f.set.Issuer, "issuer", "", "the issuer's URL, byte for byte as in the tokens' iss")
	flags.StringVar(&f.set.ClientID, "client-id", "", "the client ID of the provider's public client")
	flags.StringVar(&f.set.Endpoint, "endpoint", "", "MinIO's URL")
	flags.StringVar(&f.set.RoleARN, "role-arn", "", "MinIO's role; default: made from the client ID")
	flags.StringVar(&f.set.CAFile, "ca-file", "", "PEM certificates of a private CA, for the issuer and for MinIO")
	flags.StringVar(&f.set.Duration, "duration", "", "the lifetime of the credentials, 15m to 168h; default 8h")
	flags.StringVar(&f.set.Scopes, "scopes", "", "the scopes to request; default: openid profile email groups minio offline_access, as far as the issuer has them")
	flags.BoolVar(&f.device, "device", false, "log in on another device, by typing a code there")
	flags.BoolVar(&f.noBrowser, "no-browser", false, "print the address instead of opening the browser")
	flags.IntVar(&f.port, "port", -1, "the port for the browser's answer; 0 for any; -1 for 18250 to 18252")
	return cmd
}

func (f *loginFlags) run(ctx context.Context, stdout, stderr io.Writer) error {
	p, err := login.Load(f.profile)
	if err != nil {
		return cli.Exit(cli.ExitUsage, err)
	}
	for _, one := range []struct{ into, from *string }{
		{&p.Issuer, &f.set.Issuer},
		{&p.ClientID, &f.set.ClientID},
		{&p.Endpoint, &f.set.Endpoint},
		{&p.RoleARN, &f.set.RoleARN},
		{&p.CAFile, &f.set.CAFile},
		{&p.Duration, &f.set.Duration},
		{&p.Scopes, &f.set.Scopes},
	} {
		if *one.from != "" {
			*one.into = *one.from
		}
	}
	if err := p.Check(); err != nil {
		return cli.Exit(cli.ExitUsage, err)
	}
	s, err := login.Login(ctx, f.profile, p, login.How{
		Device: f.device, Port: f.port,
		Open: func(address string) { f.show(ctx, stdout, stderr, address) },
		Show: func(address, whole, code string) {
			fmt.Fprintf(stdout, "open  %s\ncode  %s\n", cli.Printable(address), cli.Printable(code))
			if whole != "" {
				fmt.Fprintf(stdout, "or    %s\n", cli.Printable(whole))
			}
		},
		Warn: func(text string) { fmt.Fprintln(stderr, "claimgate: "+cli.Printable(text)) },
	})
	if err != nil {
		return cli.Exit(cli.ExitFound, err)
	}
	if err := login.Save(f.profile, p); err != nil {
		return cli.Exit(cli.ExitFound, err)
	}
	_, err = fmt.Fprintf(stdout, "logged in as %s until %s\n", cli.Printable(nameOf(s)), s.Expires.Local().Format("2006-01-02 15:04"))
	return err
}

// show opens the address in the browser, unless --no-browser is set, and prints the address on its own line.
func (f *loginFlags) show(ctx context.Context, stdout, stderr io.Writer, address string) {
	if !f.noBrowser {
		err := browse(ctx, address)
		if err == nil {
			fmt.Fprintf(stderr, "claimgate: the browser shows the login page; if it does not, open\n")
		} else {
			fmt.Fprintf(stderr, "claimgate: the browser cannot be opened (%v): open this address\n", err)
		}
	}
	fmt.Fprintln(stdout, address)
}

func nameOf(s *login.Session) string {
	if s.Username != "" {
		return s.Username
	}
	return s.Subject
}

// newCredentialsCmd makes `claimgate credentials`, which prints the credentials for an S3 client. The output
// holds secrets.
func newCredentialsCmd() *cobra.Command {
	var profile, format string
	var refresh bool
	cmd := &cobra.Command{
		Use:   "credentials",
		Short: "Print MinIO's credentials for a client, renewed if they end soon",
		Long: `credentials prints the credentials for an S3 client, and never asks a person.
If the credentials end within five minutes, it renews them with the refresh
token. --format process is AWS's credential_process, with which the AWS CLI and
every AWS SDK renew by themselves. env is for eval in a shell. mc sets the
variable of an alias for MinIO's client.

Exit codes: 0 fine; 1 nobody is logged in, or the session has ended: run
claimgate login; 2 wrong usage.`,
		Example: `  aws configure set credential_process "claimgate credentials"
  eval "$(claimgate credentials --format env)"
  eval "$(claimgate credentials --format mc)" && mc ls default`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(format, login.Formats()...); err != nil {
				return err
			}
			s, err := login.Current(cmd.Context(), profile, refresh, time.Now())
			if err != nil {
				return notLoggedIn(err)
			}
			if s.Unsealed != "" {
				fmt.Fprintln(cmd.ErrOrStderr(), "claimgate: "+cli.Printable(s.Unsealed))
			}
			return login.Write(cmd.OutOrStdout(), format, s)
		},
	}
	cmd.Flags().StringVar(&profile, "profile", "default", profileHelp)
	cmd.Flags().StringVar(&format, "format", "process", strings.Join(login.Formats(), ", "))
	cmd.Flags().BoolVar(&refresh, "refresh", false, "renew now, for example to get new groups")
	return cmd
}

func notLoggedIn(err error) error {
	if errors.Is(err, login.ErrNotLoggedIn) {
		err = errors.New("nobody is logged in: claimgate login")
	}
	return cli.Exit(cli.ExitFound, err)
}

// newWhoamiCmd makes `claimgate whoami`, which shows who is logged in.
func newWhoamiCmd() *cobra.Command {
	var profile, format string
	cmd := &cobra.Command{
		Use:   "whoami",
		Short: "Say who is logged in, with which groups, and until when",
		Long: `whoami prints what the login says about you: subject, groups, policy claim and
session, and the end of the credentials. It never prints a secret.

Exit codes: 0 fine; 1 nobody is logged in; 2 wrong usage.`,
		Example: `  claimgate whoami --profile lab --format json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(format, "text", "json"); err != nil {
				return err
			}
			s, err := login.Read(profile)
			if err != nil {
				return notLoggedIn(err)
			}
			shown := s.Shown()
			if format == "json" {
				return cli.JSON(cmd.OutOrStdout(), shown)
			}
			return printShown(cmd.OutOrStdout(), &shown, time.Now())
		},
	}
	cmd.Flags().StringVar(&profile, "profile", "default", profileHelp)
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

func printShown(w io.Writer, s *login.Shown, now time.Time) error {
	until := s.Expires.Local().Format("2006-01-02 15:04")
	switch {
	case !now.Before(s.Expires) && s.Renews:
		until += ", ended; claimgate credentials renews them"
	case !now.Before(s.Expires):
		until += ", ended: claimgate login"
	case s.Renews:
		until += ", renewed before that"
	}
	none := func(list []string) string {
		if len(list) == 0 {
			return "-"
		}
		return cli.Printable(strings.Join(list, ", "))
	}
	for _, line := range [][2]string{
		{"subject", s.Subject},
		{"username", s.Username},
		{"groups", none(s.Groups)},
		{"policy", none(s.Policy)},
		{"issuer", s.Issuer},
		{"session", s.ID},
		{"endpoint", s.Endpoint},
		{"until", until},
	} {
		if line[1] == "" {
			line[1] = "-"
		}
		if _, err := fmt.Fprintf(w, "%-9s %s\n", line[0], cli.Printable(line[1])); err != nil {
			return err
		}
	}
	return nil
}

// newLogoutCmd makes `claimgate logout`, which ends the session of a profile.
func newLogoutCmd() *cobra.Command {
	var profile string
	cmd := &cobra.Command{
		Use:   "logout",
		Short: "Forget the session, and end its refresh token at the issuer",
		Long: `logout removes the credentials from this machine and revokes the refresh token
at the issuer (RFC 7009). MinIO's credentials cannot be revoked. With
back-channel logout (docs/operations.md), claimgate denies them after the
session has ended at the issuer.

Exit codes: 0 logged out; 1 nobody was logged in, the session could not be
removed, or the issuer could not be told; 2 wrong usage.`,
		Example: `  claimgate logout --profile lab`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			page, err := login.Logout(cmd.Context(), profile)
			if err != nil {
				return notLoggedIn(err)
			}
			fmt.Fprintln(cmd.OutOrStdout(), "logged out")
			if page != "" {
				fmt.Fprintf(cmd.OutOrStdout(), "the browser's own session at the issuer ends at %s\n", cli.Printable(page))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&profile, "profile", "default", profileHelp)
	return cmd
}
