//go:build race

package offline_test

// The race detector makes everything ten times slower, and needs no more than a
// part of it to see every path.
const sparse = 3
