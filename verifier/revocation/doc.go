// Package revocation remembers which sessions have ended.
//
// A LogoutVerifier verifies logout tokens (OpenID Connect Back-Channel Logout 1.0). A List
// keeps the sessions that the tokens end, and those that other processes share through
// package shared. No entry removes a revocation: a process that shares entries can cause
// more denials, never fewer.
//
// What must never happen: a token that is not a logout token ends a session; a logout
// token counts twice; a forged logout token takes CPU from requests; an ended session
// counts while the revocation is remembered.
package revocation
