package main

import (
	"math"
	"os"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/claimgate/claimgate/app/config"
	"github.com/rs/zerolog"
)

// memoryShare is how much of the container's memory the Go heap may take before
// the garbage collector works harder (GOMEMLIMIT). The rest is for what it does
// not count: the decision log's page cache, the kernel's socket buffers.
const memoryShare = 0.9

// limitMemory keeps the garbage collector from meeting the kernel's OOM killer,
// who would deny everybody. GOMEMLIMIT wins, where it is set.
func limitMemory(c *config.Config, log zerolog.Logger, provider memlimit.Provider) {
	limit, err := memlimit.Set(memlimit.WithRatio(memoryShare), memlimit.WithProvider(provider))
	switch {
	case err != nil: // no cgroup that can be read: as if there were no limit
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

// garbage is how much of the live heap may be garbage until it is collected, in
// percent (GOGC). Most of the heap is what is remembered of tokens, and an answer
// leaves next to nothing behind: collecting at half of Go's default takes no time
// that shows, and a quarter of the memory less.
const garbage = 50

// collectEarly sets garbage, unless GOGC says otherwise.
func collectEarly() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
}
