package near_test

import (
	"testing"

	"github.com/claimgate/claimgate/internal/near"
	"pgregory.net/rapid"
)

// What is found at a place is the last that was put there, and nothing after all
// was forgotten.
func TestAPlaceHoldsTheLast(t *testing.T) {
	const places = 1024
	rapid.Check(t, func(t *rapid.T) {
		var c near.Cache[int]
		last := map[uint64]int{}
		for n, hash := range rapid.SliceOf(rapid.Uint64Range(0, 3*places)).Draw(t, "hashes") {
			c.Put(hash, &n)
			last[hash%places] = n
		}
		for place := range uint64(places) {
			want, put := last[place]
			if got := c.Get(place + places); (got != nil) != put || put && *got != want {
				t.Fatalf("at %d: %v, want %d, %v", place, got, want, put)
			}
		}
		c.Clear()
		for place := range uint64(places) {
			if c.Get(place) != nil {
				t.Fatalf("something is at %d after all was forgotten", place)
			}
		}
	})
}
