//go:build race

package server

// Under the race detector sync.Pool drops some of the objects that it gets.

const allocations = 20
