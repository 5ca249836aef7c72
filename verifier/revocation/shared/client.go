package shared

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/claimgate/claimgate/internal/pemfile"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// commandTimeout bounds connecting to the store, and each read and write.
const commandTimeout = 2 * time.Second

// The library logs to standard error. That is turned off, because the library also returns
// every failure as an error, and this package logs the errors.
func init() { logging.Disable() } //nolint:gochecknoinits // the library's only way

// newClient returns a client that is not connected, and the number of the database.
func newClient(o *Options) (*redis.Client, int, error) {
	u, err := url.Parse(o.URL)
	if err != nil || (u.Scheme != "redis" && u.Scheme != "rediss") || u.Hostname() == "" {
		return nil, 0, errors.New(`revocation.store is not a URL such as "redis://host:6379/0"`) // the value may hold a password
	}
	database := 0
	if path := strings.TrimPrefix(u.Path, "/"); path != "" {
		if database, err = strconv.Atoi(path); err != nil {
			return nil, 0, errors.New("revocation.store names no database number")
		}
	}
	port := u.Port()
	if port == "" {
		port = "6379"
	}
	var tlsConfig *tls.Config
	if u.Scheme == "rediss" {
		tlsConfig = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: u.Hostname()}
		if o.CAFile != "" {
			if tlsConfig.RootCAs, err = certPool(o.CAFile); err != nil {
				return nil, 0, err
			}
		}
	}
	password := o.Password
	if password == nil {
		password = func() string { return "" }
	}
	return redis.NewClient(&redis.Options{
		Addr:      net.JoinHostPort(u.Hostname(), port),
		DB:        database,
		TLSConfig: tlsConfig,
		// The library calls this for every connection, so a rotated password needs no restart.
		CredentialsProviderContext: func(context.Context) (string, string, error) {
			return u.User.Username(), password(), nil
		},
		DialTimeout: commandTimeout, ReadTimeout: commandTimeout, WriteTimeout: commandTimeout,
		// A command that is sent twice would find its own entry and mistake it for an
		// entry of another replica.
		MaxRetries: -1, DialerRetries: 1,
		ContextTimeoutEnabled: true,
		PoolSize:              4, PipelinePoolSize: -1,
		Protocol: 2, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}), database, nil
}

func certPool(file string) (*x509.CertPool, error) {
	certificates := x509.NewCertPool()
	if err := pemfile.Append(certificates, file); err != nil {
		return nil, fmt.Errorf("revocation.ca_file: %w", err)
	}
	return certificates, nil
}
