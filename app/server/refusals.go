package server

import (
	"time"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// refusalsAMinute is how many refusals of unknown callers are written to the decision log per minute:
// enough to see why a new MinIO is refused, and too few to fill a disk. A request of a known caller
// always has its line.
const refusalsAMinute = 600

// refusals bounds how many lines unknown callers cause in the decision log.
type refusals struct {
	sampler   *zerolog.BurstSampler
	unwritten prometheus.Counter
	log       zerolog.Logger
}

func newRefusals(unwritten prometheus.Counter, log zerolog.Logger) refusals {
	return refusals{
		sampler: &zerolog.BurstSampler{Burst: refusalsAMinute, Period: time.Minute}, unwritten: unwritten,
		log: log.Sample(&zerolog.BurstSampler{Burst: 1, Period: time.Minute}),
	}
}

// shouldLog reports whether an answer's line is to be written. If not, shouldLog counts the answer.
func (r *refusals) shouldLog(a *answer) bool {
	if a.known || a.decision.Reason == gateway.InternalError || r.sampler.Sample(zerolog.NoLevel) {
		return true
	}
	r.unwritten.Inc()
	r.log.Warn().Int("a_minute", refusalsAMinute).
		Msg("unknown callers are refused faster than the decision log takes lines; claimgate_refusals_unwritten_total counts the refusals without a line")
	return false
}
