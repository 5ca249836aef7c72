//go:build race

package replay_test

// The race detector makes the tests ten times slower. Fewer lines are enough to reach every path.
const manyLines = 50_000
