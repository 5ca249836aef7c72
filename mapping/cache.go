package mapping

import "sync"

// cacheSize is the largest number of entries in one generation of a cache. A cache has two generations.
const cacheSize = 4096

// cache keeps recently computed values in two generations. A full generation becomes the old one, and the
// previous old one is dropped. An entry that is read from the old generation moves to the new one. So no
// names from tokens can fill the memory. Each Mapping has its own caches, so no value
// survives a reload.
type cache[V any] struct {
	mu       sync.Mutex
	now, old map[string]V
}

// get returns the value for key, and calls compute if there is none. Two goroutines may compute the same
// value at once; both get the one that is stored first.
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
	if kept, ok := c.now[string(key)]; ok { // another goroutine stored its value first
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
