//go:build !race

package server

const allocations = 0
