package verifier

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claimgate/claimgate/verifier/introspection"
	"github.com/claimgate/claimgate/verifier/jwks"
)

// Options configure a Verifier. The zero value of a field means the default that its
// comment names. Issuers has no default.
type Options struct {
	// Issuers are the issuers whose tokens are accepted. The list must not be empty, and no
	// two issuers may have the same name, URL or snapshot file.
	Issuers []Issuer
	// MaxToken is the largest token in bytes; default 16 KiB.
	MaxToken int
	// TokenTTL is how long a verified token is cached; default 5 minutes.
	TokenTTL time.Duration
	// TokenBytes bounds the memory of cached tokens; default 64 MiB.
	TokenBytes int64
	// Notify receives a notice for each fetch of a key set and each use of a snapshot. It
	// must not block. Default: notices are dropped.
	Notify func(jwks.Notice)
	// NotifyIntrospection receives a notice when introspection begins to fail, and when it
	// works again. It must not block. Default: notices are dropped.
	NotifyIntrospection func(introspection.Notice)
	// Now is the clock for the times in tokens; default time.Now.
	Now func() time.Time
	// Dial connects to issuers; default a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Checks is how many signatures are checked at once; default GOMAXPROCS. For ten
	// seconds after a failed check only half of Checks, at least one, run at once. Waiters
	// is how many checks may wait; default 4096.
	Checks, Waiters int
}

type (
	counter = atomic.Uint64

	// background is the work that runs until cancel is called.
	background struct {
		sync.WaitGroup
		cancel context.CancelFunc
	}

	// issuer is a configured issuer with its key set.
	issuer struct {
		config       *Issuer
		keys         *jwks.Source
		introspector *introspection.Introspector // nil if introspection is off
	}
)

// New returns a Verifier and reads the snapshots of its issuers. It does not wait for
// any issuer: Start fetches key sets. The error names the issuer and the setting to
// change.
func New(o Options) (*Verifier, error) {
	o.setDefaults()
	if len(o.Issuers) == 0 {
		return nil, errors.New("there is no issuer: an empty list accepts no token")
	}
	v := &Verifier{
		issuers: make(map[string]*issuer), claimNames: namesRead(o.Issuers), maxToken: o.MaxToken, tokenTTL: o.TokenTTL, now: o.Now,
		credentials: newCredentials(newCheckPool(o.Checks, max(1, o.Checks/2), o.Waiters)),
	}
	ctx, cancel := context.WithCancel(context.Background())
	v.running.cancel = cancel
	for n := range o.Issuers {
		if err := v.addIssuer(ctx, o.Issuers[n], &o); err != nil {
			cancel()
			return nil, err
		}
	}
	var err error
	if v.cache, err = newTokenCache(o.TokenBytes); err != nil {
		cancel()
		return nil, err
	}
	return v, nil
}

func (o *Options) setDefaults() {
	if o.MaxToken == 0 {
		o.MaxToken = 16 << 10
	}
	if o.TokenTTL == 0 {
		o.TokenTTL = 5 * time.Minute
	}
	if o.TokenBytes == 0 {
		o.TokenBytes = 64 << 20
	}
	if o.NotifyIntrospection == nil {
		o.NotifyIntrospection = func(introspection.Notice) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Checks == 0 {
		o.Checks = runtime.GOMAXPROCS(0)
	}
	if o.Waiters == 0 {
		o.Waiters = 4096 // the default of server.max_connections: a connection presents one token at a time
	}
}

func (v *Verifier) addIssuer(ctx context.Context, c Issuer, o *Options) error {
	if err := c.validate(); err != nil {
		return err
	}
	for _, other := range v.order {
		if other.config.Name == c.Name || other.config.URL == c.URL {
			return fmt.Errorf("issuer %q: its name or url is given twice", c.Name)
		}
		if c.SnapshotFile != "" && other.config.SnapshotFile == c.SnapshotFile {
			return fmt.Errorf("issuer %q: its snapshot_file is that of issuer %q", c.Name, other.config.Name)
		}
	}
	keys, err := jwks.New(ctx, jwks.Config{
		Name: c.Name, URL: c.URL, JWKSURL: c.JWKSURL, CAFile: c.CAFile, InsecureHTTP: c.InsecureHTTP,
		Refresh: c.Refresh, RefetchCooldown: c.RefetchCooldown, MaxStale: c.MaxStale, SnapshotFile: c.SnapshotFile,
		Notify: o.Notify, Now: o.Now, Dial: o.Dial,
	})
	if err != nil {
		return err
	}
	i := &issuer{config: &c, keys: keys}
	if c.Introspection.ClientID != "" {
		i.introspector = introspection.New(ctx, introspection.Options{
			Issuer: c.Name, Config: c.Introspection, Client: keys.Client(), Now: o.Now, Notify: o.NotifyIntrospection,
		})
	}
	v.issuers[c.URL] = i
	v.order = append(v.order, i)
	return nil
}
