// Package near keeps what was found a moment ago in front of a larger memory that
// takes longer to ask. It holds a fixed number of entries, the last of each place,
// and no time: who asks must see to it that an entry is the one that was meant,
// and that it still counts.
package near

import "sync/atomic"

// slots is a power of two, so that a place is a part of the hash.
const slots = 1024

// Cache is one such memory. Its zero value is empty. It may be used by several
// goroutines at once.
type Cache[V any] struct {
	entries [slots]atomic.Pointer[V]
}

// Get returns the entry at the hash's place, which may be another's; nil for none.
func (c *Cache[V]) Get(hash uint64) *V { return c.entries[hash%slots].Load() }

// Put makes v the entry at the hash's place.
func (c *Cache[V]) Put(hash uint64, v *V) { c.entries[hash%slots].Store(v) }

// Clear forgets every entry.
func (c *Cache[V]) Clear() {
	for i := range c.entries {
		c.entries[i].Store(nil)
	}
}
