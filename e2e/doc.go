// Package e2e tests the README's claims with real programs: a real MinIO asks
// claimgate, ordinary clients send the tokens, and claimgate runs from the image of
// the project's Dockerfile.
//
// The tests need a container engine and fail without one. README.md lists the
// scenarios and says how to run them.
package e2e

//go:generate go run ./internal/scenarios
