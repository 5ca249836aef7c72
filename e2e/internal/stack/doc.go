// Package stack runs what the end-to-end tests test: a MinIO whose webhook is
// a claimgate in the project's own image, and an issuer that both trust, each
// in a container of its own on a network of their own.
//
// A stack belongs to one test and is gone with it, but for the shared one, on
// which scenarios run that leave the servers as they are. Where a test fails,
// the logs of its containers are kept and their path is printed.
package stack
