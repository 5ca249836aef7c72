package serve

import (
	"github.com/claimgate/claimgate/app/server"
	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/mapping"
)

// loadShadow loads the next mapping, with which the gateway compares each decision. If the file has errors,
// no decision is compared, and the log and /readyz say why. The next mapping never changes an answer.
func (s *Service) loadShadow() {
	file := s.config.Mapping.Shadow
	if file == "" {
		return
	}
	m, found := mapping.Load(file)
	if m != nil {
		found = append(found, m.CheckIssuers(issuerNames(s.config))...)
	}
	state := server.ShadowState{File: file}
	if m == nil || finding.HasErrors(found) {
		m, state.Error = nil, finding.AsError(found).Error()
	} else {
		state.Mapping = m.Revision()
	}
	s.gateway.UseShadow(m)
	before := s.shadow.Swap(&state)
	switch {
	case before != nil && *before == state:
	case state.Error != "":
		s.log.Error().Str("shadow", file).Str("error", state.Error).Msg("the next mapping has errors, so no decision is compared with it")
	default:
		s.log.Info().Str("shadow", file).Str("mapping", state.Mapping).Msg("each decision is compared with the next mapping")
	}
}

// shadowState returns the state of the next mapping for /readyz.
func (s *Service) shadowState() server.ShadowState {
	if state := s.shadow.Load(); state != nil {
		return *state
	}
	return server.ShadowState{File: s.config.Mapping.Shadow}
}
