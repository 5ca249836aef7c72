package server

import (
	"time"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// refusalsAMinute is how many refusals of callers that are not known are written
// to the decision log. Enough to see who knocks and why a new MinIO is refused,
// too few to fill a disk with. What a known caller asked always has its line.
const refusalsAMinute = 600

// refusals keeps strangers from filling the decision log.
type refusals struct {
	few       *zerolog.BurstSampler
	unwritten prometheus.Counter
	log       zerolog.Logger
}

func newRefusals(unwritten prometheus.Counter, log zerolog.Logger) refusals {
	return refusals{
		few: &zerolog.BurstSampler{Burst: refusalsAMinute, Period: time.Minute}, unwritten: unwritten,
		log: log.Sample(&zerolog.BurstSampler{Burst: 1, Period: time.Minute}),
	}
}

// written says whether an answer gets its line.
func (r *refusals) written(a *answer) bool {
	if a.known || a.decision.Reason == gateway.InternalError || r.few.Sample(zerolog.NoLevel) {
		return true
	}
	r.unwritten.Inc()
	r.log.Warn().Int("a_minute", refusalsAMinute).
		Msg("callers that are not known are refused faster than the decision log takes; claimgate_refusals_unwritten_total counts what is not written")
	return false
}
