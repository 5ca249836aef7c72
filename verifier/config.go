package verifier

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Issuer is one identity provider whose tokens count.
type Issuer struct {
	// Name is what mappings, metrics and logs call it.
	Name string
	// URL is the iss of its tokens, compared byte for byte: Authentik's ends in
	// a slash.
	URL string
	// Audiences are the client ids of which aud must hold one. Never empty.
	Audiences []string
	// Algorithms are the JWS algorithms to accept, out of Algorithms(). Never
	// empty, never symmetric.
	Algorithms []string
	// JWKSURL is where the key set is; "" means discovery.
	JWKSURL string
	// CAFile holds PEM certificates that may sign the issuer's TLS certificate,
	// instead of the system's roots; "" means the system's.
	CAFile string
	// UsernameClaim names the claim that a static MinIO account must equal.
	UsernameClaim string
	// AllowDelegation accepts tokens with an act claim (RFC 8693 section 4.1).
	AllowDelegation bool
	// InsecureHTTP allows plain http to a host that is not loopback.
	InsecureHTTP bool
	// Leeway is how far the issuer's clock may differ, 0 to 5 minutes.
	Leeway time.Duration
	// MaxLifetime is the most that exp may lie after iat.
	MaxLifetime time.Duration
	// Refresh is the time between two fetches of the key set.
	Refresh time.Duration
	// RefetchCooldown is the least time between two fetches that tokens cause.
	RefetchCooldown time.Duration
	// MaxStale is how old the last good key set may get.
	MaxStale time.Duration
	// SnapshotFile keeps the last good key set across restarts; "" means none.
	SnapshotFile string
	// Introspection asks the issuer whether a token still counts. Its zero value
	// asks nobody.
	Introspection Introspection
}

// Algorithms are the JWS algorithms (RFC 7518 section 3.1, RFC 8037) that an
// issuer may be given. All are asymmetric.
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
	if err := checkURL(i.URL, i.InsecureHTTP); err != nil {
		bad("url: %w", err)
	} else if strings.Contains(i.URL, "?") {
		bad("url: an issuer has no query (OpenID Connect Discovery 1.0 section 3)")
	}
	if i.JWKSURL != "" {
		if err := checkURL(i.JWKSURL, i.InsecureHTTP); err != nil {
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
	if err := i.Introspection.validate(i.InsecureHTTP); err != nil {
		bad("introspection: %w", err)
	}
	if i.MaxStale < i.Refresh {
		bad("max_stale is shorter than refresh: keys would go stale between two refreshes")
	}
	return errors.Join(errs...)
}

// checkURL holds every address of an issuer to TLS, save on the loopback
// interface or where the operator has said otherwise.
func checkURL(raw string, insecure bool) error {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil || u.Fragment != "" {
		return fmt.Errorf("%s is not an http or https URL without user and fragment", shown(raw, u))
	}
	if u.Scheme == "http" && !insecure && !loopback(u.Hostname()) {
		return fmt.Errorf("%s is plain http: use https, or set insecure_http = true", shown(raw, u))
	}
	return nil
}

// shown is an address as an error may repeat it: not at all where it may hold a
// password, which url.URL.Redacted hides only after a scheme and two slashes. u
// is nil where it does not parse.
func shown(raw string, u *url.URL) string {
	if u == nil || strings.Contains(raw, "@") {
		return "the address"
	}
	return quoted(raw)
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
