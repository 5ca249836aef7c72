// Package issuerurl checks the addresses of issuers. An address must use TLS, unless its
// host is loopback or the operator allows plain http.
package issuerurl

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/claimgate/claimgate/verifier/internal/quote"
)

// Check returns an error if raw is not an http or https URL with a host and without user
// and fragment. It also returns an error if raw is plain http to a host that is not
// loopback, unless insecure is set. The error does not show a password in raw.
func Check(raw string, insecure bool) error {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil || u.Fragment != "" {
		return fmt.Errorf("%s is not an http or https URL without user and fragment", shown(raw, u))
	}
	if u.Scheme == "http" && !insecure && !loopback(u.Hostname()) {
		return fmt.Errorf("%s is plain http: use https, or set insecure_http = true", shown(raw, u))
	}
	return nil
}

// shown returns the address for an error message. An address that may hold a password is
// not shown, because url.URL.Redacted hides a password only after a scheme and two
// slashes. u is nil if raw does not parse.
func shown(raw string, u *url.URL) string {
	if u == nil || strings.Contains(raw, "@") {
		return "the address"
	}
	return quote.Value(raw)
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
