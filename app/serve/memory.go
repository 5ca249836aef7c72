package serve

import (
	"math"
	"os"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/claimgate/claimgate/app/config"
	"github.com/rs/zerolog"
)

// memoryShare is the share of the container's memory that the Go heap may take before the garbage
// collector works harder (GOMEMLIMIT). The rest is for memory that Go does not count: the decision
// log's page cache, the kernel's socket buffers.
const memoryShare = 0.9

// limitMemory sets GOMEMLIMIT from the cgroup, unless GOMEMLIMIT is set. Without a limit the kernel's
// OOM killer could end the process.
func limitMemory(c *config.Config, log zerolog.Logger, provider memlimit.Provider) {
	limit, err := memlimit.Set(memlimit.WithRatio(memoryShare), memlimit.WithProvider(provider))
	switch {
	case err != nil: // the cgroup cannot be read: there is no limit
		log.Debug().Err(err).Msg("the container's memory limit is not known; set GOMEMLIMIT")
	case limit == math.MaxInt64:
	default:
		log.Info().Int64("bytes", limit).Msg("memory limit (GOMEMLIMIT)")
		if c.Cache.TokenBytes > limit/2 {
			log.Warn().Int64("bytes", limit).Int64("token_bytes", c.Cache.TokenBytes).
				Msg("cache.token_bytes is more than half of the memory limit: lower it, or give the process more memory")
		}
	}
}

// gcPercent is GOGC in percent: how much garbage the heap holds, relative to live objects, before a
// collection. The token cache is most of the heap, and an answer leaves almost no garbage. Half of
// Go's default costs no measurable time and saves a quarter of the memory.
const gcPercent = 50

// collectEarly sets GOGC to gcPercent, unless GOGC is set.
func collectEarly() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
