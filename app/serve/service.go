package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claimgate/claimgate/app/audit"
	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/app/serve/watch"
	"github.com/claimgate/claimgate/app/server"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/revocation"
	"github.com/claimgate/claimgate/verifier/revocation/shared"
	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/rs/zerolog"
)

// Service is claimgate with all its parts, made from a Config.
type Service struct {
	config      *config.Config
	log         zerolog.Logger
	verifier    *verifier.Verifier
	revocations *revocation.List
	logouts     *revocation.LogoutVerifier
	store       *shared.Store // nil if revocations are not shared
	gateway     *gateway.Gateway
	audit       *audit.Log
	metrics     *server.Metrics
	callers     server.Callers
	certificate *server.Certificate // nil without TLS
	public      *server.Server
	admin       *server.Admin
	adminHTTP   *http.Server

	publicListener, adminListener net.Listener

	shadow    atomic.Pointer[server.ShadowState] // of the next mapping
	reloading sync.Mutex                         // held by a reload
	proved    provenPair                         // the last mapping that was proved, and the invariants that it keeps
	announced atomic.Bool                        // systemd has been told that the service is ready

	wait func(time.Duration) // time.Sleep, except in tests
}

// New makes every part and opens both listeners. New serves nothing, so that a wrong configuration
// is an error before the first answer. Run must be called to serve.
func New(ctx context.Context, c *config.Config, b Build, log zerolog.Logger) (_ *Service, err error) {
	s := &Service{config: c, log: log, wait: time.Sleep}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
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
	s.loadShadow()
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

func (s *Service) makeVerifier() (err error) {
	o := VerifierOptions(s.config)
	o.Notify, o.NotifyIntrospection = s.keysNotice, s.introspectionNotice
	if s.verifier, err = verifier.New(o); err != nil {
		return err
	}
	return s.makeRevocations()
}

func (s *Service) makeGateway() (err error) {
	o := GatewayOptions(s.config)
	o.Verifier, o.Revocations, o.Stale, o.Introspect = s.verifier, s.revocations, s.stale(), s.introspect()
	s.gateway, err = gateway.New(o)
	return err
}

func (s *Service) makeServers(b Build) {
	s.public = server.New(server.Options{
		Gateway: s.gateway, Callers: &s.callers, Audit: s.audit, Metrics: s.metrics, Log: s.log,
		Logout: s.logout, Endpoints: Endpoints(s.config), MaxBody: int(s.config.Server.MaxBody),
		MaxConnections: int(s.config.Server.MaxConnections), ClientCertificate: s.config.Server.ClientCA != "",
	})
	s.admin = &server.Admin{Gateway: s.gateway, Verifier: s.verifier, Store: s.store, Metrics: s.metrics, Audit: s.audit, Version: b}
	if s.config.Mapping.Shadow != "" {
		s.admin.Shadow = s.shadowState
	}
	s.adminHTTP = s.admin.Server()
}

// URL returns the address to which MinIO sends its requests.
func (s *Service) URL() string {
	scheme := "http"
	if s.certificate != nil {
		scheme = "https"
	}
	return scheme + "://" + s.publicListener.Addr().String() + s.config.Server.Path
}

// Run serves until ctx ends or a listener fails. Then Run lets requests finish, for
// server.shutdown_grace at most, and closes every part.
func (s *Service) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if err := watch.Files(ctx, s.files, s.reload); err != nil {
		return err
	}
	s.reload() // a file may have changed before the watch began
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
	s.log.Info().Str("url", s.URL()).Str("admin", s.adminListener.Addr().String()).
		Str("mapping", s.gateway.Mapping().Revision()).Msg("serving")

	go s.announce(ctx)

	var err error
	delay := s.config.Server.DrainDelay
	select {
	case <-ctx.Done():
	case err = <-ended:
		delay = 0 // no request can arrive
	}
	stopped := s.shutdown(delay)
	if errors.Is(stopped, context.DeadlineExceeded) {
		// Requests still use the other parts, so these parts are not closed.
		s.log.Warn().Msg("server.shutdown_grace ran out with requests under way")
		closed := s.audit.Close()
		s.anchor("at the end")
		return errors.Join(err, closed)
	}
	return errors.Join(err, stopped, s.close())
}

// shutdown makes /readyz answer 503, and waits for delay, so that load balancers notice. Then shutdown
// closes the public listener and waits until MinIO has closed its connections. The admin listener answers
// until the end.
func (s *Service) shutdown(delay time.Duration) error {
	grace := s.config.Server.ShutdownGrace
	s.notify(daemon.SdNotifyStopping)
	s.admin.Drain()
	s.public.Drain()
	s.log.Info().Stringer("grace", grace).Stringer("drain_delay", delay).Msg("stopping")
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	s.wait(delay)
	stopped := s.public.Shutdown(ctx)
	if s.adminHTTP.Shutdown(ctx) != nil { // a client still reads, for example /metrics
		return errors.Join(stopped, s.adminHTTP.Close())
	}
	return stopped
}

// close closes what New has made.
func (s *Service) close() error {
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
