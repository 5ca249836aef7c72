package main

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/claimgate/claimgate/app/demo/issuer"
	"github.com/claimgate/claimgate/internal/utf8text"
	"github.com/spf13/cobra"
)

type demoIssuerOptions struct {
	listen  string
	keyFile string
	issuer  issuer.Options
}

// newDemoIssuerCmd makes `claimgate demo issuer`, which runs the embedded issuer alone, for containers in which
// MinIO and claimgate reach the issuer by a host name.
func newDemoIssuerCmd() *cobra.Command {
	var o demoIssuerOptions
	cmd := &cobra.Command{
		Use:   "issuer",
		Short: "Serve only the demo's OpenID Connect issuer",
		Long: `issuer serves only the demo's OpenID Connect issuer, which imitates Authentik:
discovery, keys, tokens, and the pages for login and logout. Use it to try
claimgate, and for tests that run MinIO and claimgate in containers.

It asks nobody for a password: everybody who opens its page chooses a user. Its
app passwords are public. SIGHUP replaces the signing key at once, without an
overlap, as Authentik does.

Exit codes: 0 after a stop signal; 2 it cannot listen, or the key file holds no
key.`,
		Example: `  claimgate demo issuer --listen 0.0.0.0:9000 \
    --url http://issuer:9000/application/o/minio/`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return runDemoIssuer(ctx, cmd, o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.listen, "listen", "127.0.0.1:9000", "the address to listen on")
	flags.StringVar(&o.issuer.URL, "url", "", "the issuer as in iss, with the slash at the end; default: from --listen")
	flags.StringArrayVar(&o.issuer.RedirectURIs, "redirect-uri", nil, "a redirect URI to allow beside loopback addresses; may be given several times")
	flags.StringVar(&o.issuer.LogoutURI, "logout-uri", "", "claimgate's /backchannel-logout, which gets a logout token when a session ends")
	flags.StringVar(&o.issuer.ClientID, "client-id", "minio", "the audience of the tokens")
	flags.IntVar(&o.issuer.KeyBits, "key-bits", 2048, "the size of new signing keys; Authentik's generator makes 4096")
	flags.StringVar(&o.keyFile, "key-file", "", "PEM file that keeps the signing key over a restart; created if it does not exist")
	flags.DurationVar(&o.issuer.Lifetime, "lifetime", time.Hour, "the lifetime of ID and access tokens")
	flags.DurationVar(&o.issuer.EvidenceLifetime, "evidence-lifetime", 8*time.Hour, "the lifetime of authentik_token, the token inside the token")
	return cmd
}

func runDemoIssuer(ctx context.Context, cmd *cobra.Command, o demoIssuerOptions) error {
	var err error
	if o.issuer.Key, err = readKeyFile(o.keyFile); err != nil {
		return err
	}
	// SIGHUP is caught before the port opens, so that a client may send the signal after the first answer.
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)

	s, err := issuer.Listen(ctx, o.listen, o.issuer)
	if err != nil {
		return err
	}
	if err := writeKeyFile(o.keyFile, s.Issuer); err != nil {
		return errors.Join(err, s.Close())
	}
	cmd.Printf("demo issuer %s listens on %s, kid %s\n", s.URL(), o.listen, s.KeyID())
	for {
		select {
		case <-ctx.Done():
			return s.Close()
		case <-hangup:
			if err := s.RotateKey(); err != nil {
				return errors.Join(err, s.Close())
			}
			if err := writeKeyFile(o.keyFile, s.Issuer); err != nil {
				return errors.Join(err, s.Close())
			}
			cmd.Printf("demo issuer rotated its key, kid %s\n", s.KeyID())
		}
	}
}

// readKeyFile returns nil if there is no file yet. The issuer then makes a key, and writeKeyFile saves the key.
func readKeyFile(path string) (*rsa.PrivateKey, error) {
	if path == "" {
		return nil, nil
	}
	text, err := utf8text.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("--key-file: %w", err)
	}
	return issuer.ParseKey(text)
}

func writeKeyFile(path string, i *issuer.Issuer) error {
	if path == "" {
		return nil
	}
	text, err := i.EncodeKey()
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("--key-file: %w", err)
	}
	return nil
}
