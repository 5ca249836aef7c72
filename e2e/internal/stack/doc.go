// Package stack runs the servers of the end-to-end tests: a MinIO, claimgate as its
// webhook, from the project's own image, and an issuer that both trust. Each server
// has its own container, each stack its own network.
//
// A stack belongs to one test and ends with it. The shared stack serves all tests that
// do not stop, configure or break a server. If a test fails, the logs of its
// containers are kept and their paths are printed.
package stack
