//go:build race

package offline_test

// The race detector makes the tests ten times slower. A part of the requests is enough to reach every path.
const sparse = 3
