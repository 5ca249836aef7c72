package verifier

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/claimgate/claimgate/verifier/internal/issuerurl"
	"github.com/claimgate/claimgate/verifier/introspection"
)

// Issuer is the configuration of one identity provider whose tokens are accepted.
// MaxLifetime, Refresh, RefetchCooldown and MaxStale must be positive.
type Issuer struct {
	// Name is the issuer's name in mappings, metrics and logs.
	Name string
	// URL is the iss of its tokens, byte for byte. Authentik's ends in a slash.
	URL string
	// Audiences are client IDs. aud must hold one of them, and azp, if present, must be
	// one of them. Never empty.
	Audiences []string
	// Algorithms are the accepted JWS algorithms, a subset of Algorithms(). Never empty.
	Algorithms []string
	// JWKSURL is the address of the key set; "" means discovery.
	JWKSURL string
	// CAFile holds PEM certificates that may sign the issuer's TLS certificate; ""
	// means the system's roots.
	CAFile string
	// UsernameClaim names the claim whose value must equal the name of a static MinIO
	// account.
	UsernameClaim string
	// GroupsPath is the path to the groups, a list of strings: ["realm_access", "roles"] is the
	// member roles of the claim realm_access. Empty means ["groups"].
	GroupsPath []string
	// AllowDelegation accepts tokens with an act claim (RFC 8693 section 4.1).
	AllowDelegation bool
	// InsecureHTTP allows plain http to a host that is not loopback.
	InsecureHTTP bool
	// Leeway is how far the issuer's clock may differ, 0 to 5 minutes.
	Leeway time.Duration
	// MaxLifetime is the longest time from iat to exp. If iat is absent, it is the longest
	// time from now to exp.
	MaxLifetime time.Duration
	// Refresh is the time between two fetches of the key set.
	Refresh time.Duration
	// RefetchCooldown is the least time between two fetches that tokens with an unknown
	// key cause.
	RefetchCooldown time.Duration
	// MaxStale is how long a key set is used after its fetch, at least Refresh.
	MaxStale time.Duration
	// SnapshotFile keeps the last good key set across restarts; "" means no file.
	SnapshotFile string
	// Introspection says how the issuer is asked whether a token still counts. The zero
	// value turns introspection off.
	Introspection introspection.Config
}

// Algorithms returns the JWS algorithms that an issuer may use (RFC 7518 section 3.1,
// RFC 8037 section 3.1). All are asymmetric.
func Algorithms() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
}

func (i *Issuer) validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("issuer %q: "+format, append([]any{i.Name}, args...)...))
	}
	if i.Name == "" {
		bad("the name is empty")
	}
	if err := issuerurl.Check(i.URL, i.InsecureHTTP); err != nil {
		bad("url: %w", err)
	} else if strings.Contains(i.URL, "?") {
		bad("url: an issuer has no query (OpenID Connect Discovery 1.0 section 3)")
	}
	if i.JWKSURL != "" {
		if err := issuerurl.Check(i.JWKSURL, i.InsecureHTTP); err != nil {
			bad("jwks_url: %w", err)
		}
	}
	if len(i.Audiences) == 0 || slices.Contains(i.Audiences, "") {
		bad("audiences must name the client id of the Authentik provider; an empty list accepts nothing")
	}
	if len(i.Algorithms) == 0 {
		bad("algorithms is empty; an empty list accepts nothing")
	}
	for _, a := range i.Algorithms {
		if !slices.Contains(Algorithms(), a) {
			bad("algorithm %q is not one of %s", a, strings.Join(Algorithms(), ", "))
		}
	}
	if slices.Contains(i.GroupsPath, "") {
		bad("groups_path has an empty name")
	}
	if i.Leeway < 0 || i.Leeway > 5*time.Minute {
		bad("leeway %s is not within 0s and 5m", i.Leeway)
	}
	for name, d := range map[string]time.Duration{
		"max_lifetime": i.MaxLifetime, "refresh": i.Refresh,
		"refetch_cooldown": i.RefetchCooldown, "max_stale": i.MaxStale,
	} {
		if d <= 0 {
			bad("%s must be positive", name)
		}
	}
	if err := i.Introspection.Validate(i.InsecureHTTP); err != nil {
		bad("introspection: %w", err)
	}
	if i.MaxStale < i.Refresh {
		bad("max_stale is shorter than refresh: keys would go stale between two refreshes")
	}
	return errors.Join(errs...)
}
