package gateway

// Stats are counts since the start.
type Stats struct {
	DecisionHits   uint64 // condition-free decisions that were remembered
	DecisionMisses uint64 // those that were worked out
}

// Stats returns the counts so far.
func (g *Gateway) Stats() Stats {
	return Stats{g.cache.hits.Load(), g.cache.misses.Load()}
}
