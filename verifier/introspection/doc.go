// Package introspection asks an issuer whether a token still counts (RFC 7662).
//
// An answer counts for Config.TTL. A token in use is asked about again in the
// background after half of that, so only its first request waits, and a request after
// a pause. If the issuer cannot be asked, the verdict is Unknown, or Active if
// Config.AllowOnError is set. A token that the issuer called inactive stays inactive
// during an outage.
//
// What must never happen: a token counts that the issuer called inactive; a flood of
// tokens or an outage makes every request wait; the token or the client's secret
// reaches an error.
package introspection
