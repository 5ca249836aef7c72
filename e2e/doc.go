// Package e2e proves the README's claims with programs that the project did
// not write: a real MinIO asks, clients that know nothing of claimgate carry
// the tokens, and claimgate runs from the image of the project's Dockerfile.
//
// The tests need a container engine and fail without one. See README.md for
// the scenarios and how to run them.
package e2e

//go:generate go run ./internal/scenarios
