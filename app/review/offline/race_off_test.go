//go:build !race

package offline_test

const sparse = 1
