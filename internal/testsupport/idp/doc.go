// Package idp is an Authentik-shaped issuer for tests: keys, tokens, and a server whose
// answers a test can break.
package idp
