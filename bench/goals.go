package main

// A row is one goal: what is measured, the limit, and the results.
type row struct {
	id     string
	what   string
	goal   string // in words
	limit  float64
	atMost bool // else at least
	format string
	values []float64 // one for each run
}

func (r *row) met() bool {
	for _, v := range r.values {
		if r.atMost && v > r.limit || !r.atMost && v < r.limit {
			return false
		}
	}
	return len(r.values) > 0
}

func goals() []*row {
	return []*row{
		{id: "off/bare", what: "requests/s, RSA-4096, log off", goal: "≥ 0.9 × bare Fiber", limit: 0.9, format: "%.2f ×"},
		{id: "off/opa", what: "the same, compared with OPA in its default configuration", goal: "≥ 20 × OPA", limit: 20, format: "%.1f ×"},
		{id: "off/opa-cache", what: "the same, compared with OPA with its JWT cache", goal: "≥ 10 × OPA", limit: 10, format: "%.1f ×"},
		{id: "file/bare", what: "requests/s, every decision logged to a file", goal: "≥ 0.6 × bare Fiber", limit: 0.6, format: "%.2f ×"},
		{id: "new/bare", what: "a new object in every request, log off", goal: "≥ 0.75 × bare Fiber asked the same way", limit: 0.75, format: "%.2f ×"},
		{id: "newfile/bare", what: "the same, every decision logged to a file", goal: "≥ 0.7 × bare Fiber", limit: 0.7, format: "%.2f ×"},
		{id: "cpu/bare", what: "the server's processor time for it", goal: "≤ 1.35 × bare Fiber's", limit: 1.35, atMost: true, format: "%.2f ×"},
		{id: "shadow/off", what: "the same with a next mapping", goal: "≤ 1.15 × without", limit: 1.15, atMost: true, format: "%.2f ×"},
		{id: "p50/bare", what: "p50, one connection", goal: "≤ 1.3 × bare Fiber", limit: 1.3, atMost: true, format: "%.2f ×"},
		{id: "p99/opa", what: "p99, one connection", goal: "≤ 1/5 of OPA", limit: 0.2, atMost: true, format: "%.3f ×"},
		{id: "allocs", what: "allocations of a warm gateway.Decide", goal: "≤ 2", limit: 2, atMost: true, format: "%.0f"},
		{id: "decide", what: "time of a warm gateway.Decide", goal: "≤ 2 µs", limit: 2, atMost: true, format: "%.2f µs"},
		{id: "cold2048", what: "a new RSA-2048 token", goal: "≤ 1.6 × the bare check", limit: 1.6, atMost: true, format: "%.2f ×"},
		{id: "cold4096", what: "a new RSA-4096 token", goal: "≤ 1.15 × the bare check", limit: 1.15, atMost: true, format: "%.2f ×"},
		{id: "together", what: "new RSA-4096 tokens of eight clients at once", goal: "≥ 0.85 × the bare checks on all cores", limit: 0.85, format: "%.2f ×"},
		{id: "herd", what: "10,000 sessions at once after a restart, none denied", goal: "≤ 1.5 × the bare checks on all cores", limit: 1.5, atMost: true, format: "%.2f ×"},
		{id: "stream", what: "warm p99 beside 2,000 new RSA-4096 tokens a second", goal: "≤ 2 × beside as many known tokens", limit: 2, atMost: true, format: "%.2f ×"},
		{id: "scale", what: "10,000 groups, 1,000 policies, 500 groups in the token", goal: "≤ 1.2 × the small mapping", limit: 1.2, atMost: true, format: "%.2f ×"},
		{id: "flood", what: "warm p99 during 5,000 forged tokens a second", goal: "≤ 2 × its quiet value", limit: 2, atMost: true, format: "%.2f ×"},
		{id: "live", what: "RSS with 100,000 live tokens", goal: "≤ 200 MiB", limit: 200, atMost: true, format: "%.0f MiB"},
		{id: "idle", what: "RSS idle", goal: "≤ 25 MiB", limit: 25, atMost: true, format: "%.1f MiB"},
		{id: "start", what: "start to ready with a snapshot", goal: "≤ 50 ms", limit: 50, atMost: true, format: "%.0f ms"},
		{id: "get", what: "real MinIO, GET of 1 KiB", goal: "≥ 0.95 × bare Fiber as its webhook", limit: 0.95, format: "%.2f ×"},
	}
}
