//go:build race

package replay_test

// The race detector makes everything ten times slower, and needs no more than a
// part of it to see every path.
const manyLines = 50_000
