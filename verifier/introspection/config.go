package introspection

import (
	"errors"
	"fmt"
	"time"

	"github.com/claimgate/claimgate/verifier/internal/issuerurl"
)

// Config says how an issuer is asked. The zero value turns introspection off.
type Config struct {
	// ClientID and ClientSecret authenticate the client that asks. For Authentik they are
	// those of the provider. An empty ClientID turns introspection off.
	ClientID, ClientSecret string
	// Endpoint is the introspection endpoint; "" means discovery.
	Endpoint string
	// TTL is how long an answer is used. Positive.
	TTL time.Duration
	// AllowOnError accepts a token while the issuer cannot be asked, unless the issuer's last
	// answer called the token inactive.
	AllowOnError bool
}

// Validate returns an error if introspection is on and a field is missing or wrong.
// insecure allows plain http to a host that is not loopback.
func (c *Config) Validate(insecure bool) error {
	switch {
	case c.ClientID == "":
		return nil
	case c.ClientSecret == "":
		return errors.New("the client's secret is empty")
	case c.TTL <= 0:
		return errors.New("ttl must be positive")
	case c.Endpoint != "":
		if err := issuerurl.Check(c.Endpoint, insecure); err != nil {
			return fmt.Errorf("endpoint: %w", err)
		}
	}
	return nil
}
