package gateway

import "testing"

func TestACacheOfNoSizeIsADefect(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a cache that can hold nothing was made")
		}
	}()
	newRistretto[int](0)
}
