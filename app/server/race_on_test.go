//go:build race

package server

// sync.Pool throws a part of what it is given away under the race detector.
const allocations = 20
