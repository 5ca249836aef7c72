package frontcache_test

import (
	"testing"

	"github.com/claimgate/claimgate/internal/frontcache"
	"pgregory.net/rapid"
)

func TestASlotHoldsTheNewestEntryUntilClear(t *testing.T) {
	const slots = 1024
	rapid.Check(t, func(t *rapid.T) {
		var c frontcache.Cache[int]
		newest := map[uint64]int{}
		for n, hash := range rapid.SliceOf(rapid.Uint64Range(0, 3*slots)).Draw(t, "hashes") {
			c.Put(hash, &n)
			newest[hash%slots] = n
		}
		for slot := range uint64(slots) {
			want, put := newest[slot]
			if got := c.Get(slot + slots); (got != nil) != put || put && *got != want {
				t.Fatalf("slot %d holds %v, want %d, %v", slot, got, want, put)
			}
		}
		c.Clear()
		for slot := range uint64(slots) {
			if c.Get(slot) != nil {
				t.Fatalf("slot %d holds an entry after Clear", slot)
			}
		}
	})
}
