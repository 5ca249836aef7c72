package gateway

// Stats are counts since New.
type Stats struct {
	DecisionHits   uint64 // condition-free decisions from the cache
	DecisionMisses uint64 // condition-free decisions that were evaluated
}

// Stats returns the counts so far.
func (g *Gateway) Stats() Stats {
	return Stats{g.cache.hits.Load(), g.cache.misses.Load()}
}
