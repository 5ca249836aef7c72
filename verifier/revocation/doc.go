// Package revocation remembers which sessions have ended.
//
// A LogoutVerifier verifies logout tokens (OpenID Connect Back-Channel Logout 1.0).
// Revocations keep what the tokens end, and what other processes share through
// package shared. Nothing takes a revocation back: whoever shares entries can cause
// more denials, never fewer.
//
// What must never happen: a token that is not a logout token ends a session; a logout
// token counts twice; a forged logout token takes CPU from requests; an ended session
// counts while the revocation is remembered.
package revocation
