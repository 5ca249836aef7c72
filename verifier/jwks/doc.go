// Package jwks keeps the key set of one issuer (a JWK Set, RFC 7517).
//
// A Source finds the key set by discovery or at a configured address and fetches
// it in the background. A lookup never waits for the network, with one exception:
// a token with an unknown kid, or with a signature that fits no key, demands a fetch.
// All callers together cause at most one such fetch per RefetchCooldown.
//
// Only a good answer replaces the key set in use. If the issuer fails, the last good
// key set counts until it is MaxStale old; then the source has no key set. A key that
// is missing from the newest good answer no longer counts.
//
// What must never happen: an answer that is not a good key set replaces a good one;
// a key that is weak, private, for encryption, or of another type than its alg
// verifies a signature; a redirect or a discovery document moves the source to
// another issuer.
package jwks
