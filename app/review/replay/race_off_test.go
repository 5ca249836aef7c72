//go:build !race

package replay_test

const manyLines = 1_000_000
