package serve

import (
	"runtime/debug"
	"testing"
)

func TestGarbageIsCollectedEarlyUnlessGOGCSaysOtherwise(t *testing.T) {
	before := debug.SetGCPercent(100)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	for gogc, want := range map[string]int{"": gcPercent, "200": 100} { // the runtime itself has read GOGC
		debug.SetGCPercent(100)
		t.Setenv("GOGC", gogc)
		collectEarly()
		if got := debug.SetGCPercent(100); got != want {
			t.Errorf("with GOGC=%q it is %d, want %d", gogc, got, want)
		}
	}
}
