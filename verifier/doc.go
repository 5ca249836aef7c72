// Package verifier turns a token into an Identity, or into one reason why not.
//
// It accepts a token only if every step below holds, in this order:
//
//  1. Gate, before any library sees a byte: at most MaxToken bytes; three
//     segments of canonical base64url; header and payload strict JSON without
//     duplicate members or case-twins of the names read here.
//  2. Header: alg judged first and never symmetric; typ JWT, at+jwt or absent;
//     no crit, b64, jwk, jku, x5u, cty, zip; kid a string of 1 to 128 bytes.
//     x5c and x5t are ignored: a key comes from the issuer's key set only.
//  3. Issuer: iss equals a configured issuer byte for byte (OpenID Connect Core
//     section 3.1.3.7, item 2); alg is among those configured for it.
//  4. Key: the issuer's key set, never older than MaxStale, holds a signing key
//     with that kid whose own type and alg agree with the token's.
//  5. Signature over the bytes received.
//  6. Claims: aud and azp fit the audiences; sub is a non-empty string; groups
//     and policy have the types a mapping may rely on; exp is there and at most
//     MaxLifetime after iat; no logout token, key-bound token or, unless
//     allowed, delegated token.
//  7. Time, with leeway: not expired, not issued or valid in the future. A clock
//     that is set back by minutes brings no expired token to life.
//
// Steps 1 to 6 are remembered by the SHA-256 of the token for TokenTTL; step 7,
// the age of the key set and the presence of the very key are judged anew on
// each call, so no cached token outlives its expiry or its key.
//
// A key set is fetched in the background. An outage of the issuer changes
// nothing until the last good set is MaxStale old; after that every token of
// that issuer, cached ones too, is refused with keys_unavailable. An unknown kid
// or a bad signature under a known kid asks for a fetch, at most one per
// RefetchCooldown for everyone together.
//
// An empty list of issuers, audiences or algorithms is a configuration error,
// never "accept any".
package verifier
