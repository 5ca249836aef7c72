package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claimgate/claimgate/app/audit"
	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/app/server"
	"github.com/claimgate/claimgate/app/watch"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/introspection"
	"github.com/claimgate/claimgate/verifier/revocation"
	"github.com/claimgate/claimgate/verifier/revocation/shared"
	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/rs/zerolog"
)

// service is a running claimgate: its parts, put together from a Config.
type service struct {
	config      *config.Config
	log         zerolog.Logger
	verifier    *verifier.Verifier
	revocations *revocation.List
	logouts     *revocation.LogoutVerifier
	store       *shared.Store // nil where revocations are not shared
	gateway     *gateway.Gateway
	audit       *audit.Log
	metrics     *server.Metrics
	callers     server.Callers
	certificate *server.Certificate // nil without TLS
	public      *server.Server
	admin       *server.Admin
	adminHTTP   *http.Server

	publicListener, adminListener net.Listener

	reloading sync.Mutex  // held by a reload
	announced atomic.Bool // systemd has been told that the service is ready

	wait func(time.Duration) // time.Sleep, but in tests
}

// newService makes every part and opens both listeners, so that whatever can be
// wrong with the configuration is found before anything is served.
func newService(ctx context.Context, c *config.Config, log zerolog.Logger) (_ *service, err error) {
	s := &service{config: c, log: log, wait: time.Sleep}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	b := theBuild()
	s.metrics = server.NewMetrics(b.Version, b.Commit)
	if err := s.makeVerifier(); err != nil {
		return nil, err
	}
	if s.audit, err = s.openAudit(); err != nil {
		return nil, err
	}
	if err := s.makeGateway(); err != nil {
		return nil, err
	}
	if err := s.loadMapping(); err != nil {
		return nil, err
	}
	s.setCallers(c.Server.CallerTokens)
	if c.Server.TLSCert != "" {
		if s.certificate, err = server.LoadCertificate(c.Server.TLSCert, c.Server.TLSKey, c.Server.ClientCA); err != nil {
			return nil, err
		}
	}
	s.makeServers(b)
	s.metrics.Read(server.Sources{Gateway: s.gateway, Verifier: s.verifier, Revocations: s.revocations, Audit: s.audit})
	var lc net.ListenConfig
	if s.publicListener, err = lc.Listen(ctx, "tcp", c.Server.Listen); err != nil {
		return nil, fmt.Errorf("server.listen: %w", err)
	}
	if s.adminListener, err = lc.Listen(ctx, "tcp", c.Admin.Listen); err != nil {
		return nil, fmt.Errorf("admin.listen: %w", err)
	}
	return s, nil
}

func (s *service) makeVerifier() (err error) {
	o := verifierOptions(s.config)
	o.Notify, o.NotifyIntrospection = s.keysNotice, s.introspectionNotice
	if s.verifier, err = verifier.New(o); err != nil {
		return err
	}
	return s.makeRevocations()
}

// verifierOptions is what a Config says of verification.
func verifierOptions(c *config.Config) verifier.Options {
	o := verifier.Options{MaxToken: int(c.Evidence.MaxToken), TokenTTL: c.Cache.TokenTTL, TokenBytes: c.Cache.TokenBytes}
	for _, i := range c.Issuers {
		o.Issuers = append(o.Issuers, verifier.Issuer{
			Name: i.Name, URL: i.URL, Audiences: i.Audiences, Algorithms: i.Algorithms, JWKSURL: i.JWKSURL,
			CAFile: i.CAFile, UsernameClaim: i.UsernameClaim, AllowDelegation: i.AllowDelegation,
			InsecureHTTP: i.InsecureHTTP, Leeway: i.Leeway, MaxLifetime: i.MaxLifetime, Refresh: i.Refresh,
			RefetchCooldown: i.RefetchCooldown, MaxStale: i.MaxStale, SnapshotFile: i.SnapshotFile,
			Introspection: introspection.Config{
				ClientID: i.Introspection.ClientID, ClientSecret: string(i.Introspection.ClientSecret), Endpoint: i.Introspection.Endpoint,
				TTL: i.Introspection.TTL, AllowOnError: i.Introspection.OnError == "allow",
			},
		})
	}
	return o
}

func (s *service) makeGateway() (err error) {
	s.gateway, err = gateway.New(gateway.Options{
		Verifier: s.verifier, Revocations: s.revocations, Stale: s.stale(), Introspect: s.introspect(),
		Evidence:        evidenceOf(s.config),
		EvaluateOwner:   s.config.Owner.Decision == "evaluate",
		DecisionEntries: s.config.Cache.DecisionEntries,
	})
	return err
}

func evidenceOf(c *config.Config) gateway.Evidence {
	static := map[string]gateway.StaticCredentials{
		"deny": gateway.StaticDeny, "match": gateway.StaticMatch, "any": gateway.StaticAny,
	}
	e := &c.Evidence
	return gateway.Evidence{
		Keys: e.Keys, StaticCredentials: static[e.StaticCredentials], AttestedClaims: e.WithoutToken == "claims",
		ServiceAccountMaxAge: e.ServiceAccountMaxAge,
	}
}

func (s *service) makeServers(b build) {
	s.public = server.New(server.Options{
		Gateway: s.gateway, Callers: &s.callers, Audit: s.audit, Metrics: s.metrics, Log: s.log,
		Logout: s.logout, Path: s.config.Server.Path, MaxBody: int(s.config.Server.MaxBody),
		MaxConnections: int(s.config.Server.MaxConnections), ClientCertificate: s.config.Server.ClientCA != "",
	})
	s.admin = &server.Admin{Gateway: s.gateway, Verifier: s.verifier, Store: s.store, Metrics: s.metrics, Audit: s.audit, Version: b}
	s.adminHTTP = s.admin.Server()
}

// url is where MinIO asks.
func (s *service) url() string {
	scheme := "http"
	if s.certificate != nil {
		scheme = "https"
	}
	return scheme + "://" + s.publicListener.Addr().String() + s.config.Server.Path
}

// run serves until ctx ends or a listener fails, then lets requests finish.
func (s *service) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if err := watch.Files(ctx, s.files, s.reload); err != nil {
		return err
	}
	s.reload() // what changed before the watch began
	s.verifier.Start()
	s.startStore(ctx)

	ended := make(chan error, 2)
	go func() { ended <- s.adminHTTP.Serve(s.adminListener) }()
	go func() {
		var tlsConfig *tls.Config
		if s.certificate != nil {
			tlsConfig = s.certificate.Config()
		}
		ended <- s.public.Serve(s.publicListener, tlsConfig)
	}()
	s.log.Info().Str("url", s.url()).Str("admin", s.adminListener.Addr().String()).
		Str("mapping", s.gateway.Mapping().Revision()).Msg("serving")

	go s.announce(ctx)

	var err error
	delay := s.config.Server.DrainDelay
	select {
	case <-ctx.Done():
	case err = <-ended:
		delay = 0 // nobody is served any more
	}
	stopped := s.shutdown(delay)
	if errors.Is(stopped, context.DeadlineExceeded) {
		// What is in use then ends with the process, not before.
		s.log.Warn().Msg("server.shutdown_grace ran out with requests under way")
		closed := s.audit.Close()
		s.anchor("at the end")
		return errors.Join(err, closed)
	}
	return errors.Join(err, stopped, s.close())
}

// shutdown says that it is not ready any more and gives load balancers time to
// notice, then stops listening and waits until MinIO has closed its connections.
// The admin listener answers to the end.
func (s *service) shutdown(delay time.Duration) error {
	grace := s.config.Server.ShutdownGrace
	s.tell(daemon.SdNotifyStopping)
	s.admin.Drain()
	s.public.Drain()
	s.log.Info().Stringer("grace", grace).Stringer("drain_delay", delay).Msg("stopping")
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	s.wait(delay)
	stopped := s.public.Shutdown(ctx)
	if s.adminHTTP.Shutdown(ctx) != nil { // somebody still reads /metrics
		return errors.Join(stopped, s.adminHTTP.Close())
	}
	return stopped
}

// close frees what newService has made.
func (s *service) close() error {
	var errs []error
	for _, l := range []net.Listener{s.publicListener, s.adminListener} {
		if l != nil {
			if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
				errs = append(errs, err)
			}
		}
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	if s.gateway != nil {
		s.gateway.Close()
	}
	if s.verifier != nil {
		s.verifier.Close()
	}
	if s.audit != nil {
		errs = append(errs, s.audit.Close())
		s.anchor("at the end")
	}
	return errors.Join(errs...)
}

// newLog makes the program's own log.
func newLog(c config.Log) zerolog.Logger {
	level, err := zerolog.ParseLevel(c.Level)
	if err != nil {
		level = zerolog.InfoLevel
	}
	log := zerolog.New(os.Stderr)
	if c.Format == "console" {
		log = zerolog.New(zerolog.ConsoleWriter{Out: os.Stderr, TimeFormat: time.TimeOnly})
	}
	return log.Level(level).With().Timestamp().Logger()
}
