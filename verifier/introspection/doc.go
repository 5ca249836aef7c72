// Package introspection asks an issuer whether a token still counts (RFC 7662).
//
// An answer is used for Config.TTL. After half of TTL, the next request with the token
// asks again in the background. So a request waits only if it is the first one with its
// token, or if it comes after a pause. If the issuer cannot be asked, the verdict is
// Unknown, or Active if Config.AllowOnError is set. A token that the issuer called
// inactive stays inactive during an outage.
//
// What must never happen: a token that the issuer called inactive counts; a flood of
// tokens or an outage makes every request wait; the token or the client's secret
// reaches an error.
package introspection
