package introspection

import (
	"errors"
	"fmt"
	"time"

	"github.com/claimgate/claimgate/verifier/internal/issuerurl"
)

// Config says how an issuer is asked. The zero value asks nobody.
type Config struct {
	// ClientID and ClientSecret are the client that asks; for Authentik the
	// provider's own. An empty ClientID turns introspection off.
	ClientID, ClientSecret string
	// Endpoint is the introspection endpoint; "" means discovery.
	Endpoint string
	// TTL is how long an answer counts.
	TTL time.Duration
	// AllowOnError lets a token count while the issuer cannot be asked.
	AllowOnError bool
}

// Validate returns an error if introspection is on and a field is missing or wrong.
// insecure allows plain http.
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
