package mapping

import "sync"

// cacheSize bounds each of a Mapping's caches, twice over: there are two
// generations.
const cacheSize = 4096

// cache keeps what was computed lately. When a generation is full it becomes
// the old one, and what the old one held and nobody asked for is forgotten: the
// memory is bounded whatever names tokens bring. It belongs to one Mapping, so
// a reload can never serve what the old file said.
type cache[V any] struct {
	mu       sync.Mutex
	now, old map[string]V
}

func (c *cache[V]) get(key []byte, compute func() V) V {
	c.mu.Lock()
	v, ok := c.now[string(key)]
	if !ok {
		if v, ok = c.old[string(key)]; ok {
			c.keep(string(key), v)
		}
	}
	c.mu.Unlock()
	if ok {
		return v
	}
	v = compute()
	c.mu.Lock()
	defer c.mu.Unlock()
	if kept, ok := c.now[string(key)]; ok { // someone was quicker: share theirs
		return kept
	}
	c.keep(string(key), v)
	return v
}

func (c *cache[V]) keep(key string, v V) {
	if c.now == nil || len(c.now) >= cacheSize {
		c.old, c.now = c.now, make(map[string]V)
	}
	c.now[key] = v
}
