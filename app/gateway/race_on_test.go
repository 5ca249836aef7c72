//go:build race

package gateway_test

// raceDetector: sync.Pool throws a part of what it is given away under it, so
// what is pooled is allocated more often.
const raceDetector = true
