// Package verifier verifies the tokens of OpenID Connect issuers. A token gives either an
// Identity or an Error with one Reason.
//
// Verify accepts a token only if the token passes every step, in this order:
//
//  1. Compact form, read strictly before any library sees the token: at most MaxToken
//     bytes; three segments of canonical base64url; header and payload are strict JSON,
//     without duplicate members or case variants of the names that are read.
//  2. Header: alg is judged first and never symmetric; typ is JWT, at+jwt or absent; no
//     crit, b64, jwk, jku, x5u, cty, zip; kid is a string of 1 to 128 bytes. x5c and x5t
//     are ignored: keys come from the issuer's key set only.
//  3. Issuer: iss equals a configured issuer byte for byte (OpenID Connect Core section
//     3.1.3.7, item 2); alg is configured for that issuer.
//  4. Key: the issuer's key set, never older than MaxStale, holds a signing key with that
//     kid; the key's own type and alg agree with the token's alg.
//  5. Signature over the received bytes.
//  6. Claims: aud and azp fit the audiences; sub is a non-empty string; groups and policy
//     have the types that a mapping needs; exp is present and at most MaxLifetime after
//     iat. The token is not a logout token, is not bound to a key and, unless
//     AllowDelegation is set, is not delegated.
//  7. Time, with leeway: not expired, not issued or valid in the future. An expired token
//     stays expired if the clock is set back by minutes.
//
// The outcome of steps 1 to 6 is cached by the SHA-256 of the token, for TokenTTL. Step
// 7, the age of the key set and the presence of the key are checked on each call, so a
// cached token is refused as soon as it expires or its key leaves the key set.
//
// Package jwks keeps the key sets. An outage of an issuer changes nothing until the last
// good key set is MaxStale old. Then every token of that issuer is refused with
// keys_unavailable, cached tokens too.
//
// An empty list of issuers, audiences or algorithms is a configuration error. It never
// means "accept any".
package verifier
