//go:build race

package gateway_test

// raceDetector is true if the race detector is on. Then sync.Pool drops some objects on purpose, so pooled
// objects are allocated more often.
const raceDetector = true
