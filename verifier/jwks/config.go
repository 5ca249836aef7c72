package jwks

import (
	"context"
	"net"
	"time"
)

// Config configures a Source. The zero value of Notify, Now and Dial means the
// default; every other field must be set unless its comment says otherwise.
type Config struct {
	// Name is the issuer's name in errors and notices.
	Name string
	// URL is the issuer, byte for byte. Authentik's ends in a slash.
	URL string
	// JWKSURL is the address of the key set; "" means discovery.
	JWKSURL string
	// CAFile holds PEM certificates that may sign the issuer's TLS certificate; ""
	// means the system's roots.
	CAFile string
	// InsecureHTTP allows plain http to a host that is not loopback.
	InsecureHTTP bool
	// Refresh is the time between two fetches in the background.
	Refresh time.Duration
	// RefetchCooldown is the least time between two fetches that Demand starts.
	RefetchCooldown time.Duration
	// MaxStale is how long a key set is used after its fetch.
	MaxStale time.Duration
	// SnapshotFile keeps the last good key set across restarts; "" means no file.
	SnapshotFile string

	// Notify receives notices. It must not block. Default: notices are dropped.
	Notify func(Notice)
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Fetch returns the JWK Set document. Default: fetch it from the issuer by HTTP.
	Fetch func(context.Context) ([]byte, error)
	// Dial connects to the issuer. Default: a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

func (c *Config) setDefaults() {
	if c.Notify == nil {
		c.Notify = func(Notice) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Dial == nil {
		c.Dial = new(net.Dialer).DialContext
	}
}
