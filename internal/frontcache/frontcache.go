// Package frontcache is a small cache in front of a larger one whose lookups cost
// more. It holds a fixed number of entries, one per slot; a new entry replaces the
// old one. Entries have no expiry: the caller must check that the entry has the
// right key and is still valid.
package frontcache

import "sync/atomic"

// slots is a power of two, so that the slot is the low bits of the hash.
const slots = 1024

// Cache is a cache with a fixed number of slots. The zero value is empty. Its methods may be
// called concurrently.
type Cache[V any] struct {
	entries [slots]atomic.Pointer[V]
}

// Get returns the entry in the slot of the hash, or nil. The entry may have
// another key.
func (c *Cache[V]) Get(hash uint64) *V { return c.entries[hash%slots].Load() }

// Put stores v in the slot of the hash.
func (c *Cache[V]) Put(hash uint64, v *V) { c.entries[hash%slots].Store(v) }

// Clear removes every entry.
func (c *Cache[V]) Clear() {
	for i := range c.entries {
		c.entries[i].Store(nil)
	}
}
