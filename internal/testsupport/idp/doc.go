// Package idp is an issuer for tests that behaves like Authentik. It has keys, tokens, and a
// server whose answers a test can replace by faults.
package idp
