package serve

import (
	"github.com/claimgate/claimgate/app/audit"
)

// openAudit opens the decision log as the configuration says.
func (s *Service) openAudit() (*audit.Log, error) {
	c := &s.config.Audit
	with := []audit.Option{audit.Notify(s.auditNotice)}
	if c.OnFailure == "deny" {
		with = append(with, audit.Required())
	}
	if c.Chain {
		with = append(with, audit.Chained())
	}
	return audit.Open(c.Output, c.Allow, with...)
}

// auditNotice logs that the decision log fails, repeatedly while it fails, and that it is written
// again.
func (s *Service) auditNotice(n audit.Notice) {
	if n.Recovered {
		s.log.Info().Uint64("lost", n.Lost).Uint64("denied", n.Denied).Time("failing_since", n.Since).
			Msg("the decision log is written again")
		return
	}
	s.log.Error().Str("error", n.Error).Uint64("lost", n.Lost).Uint64("denied", n.Denied).Time("failing_since", n.Since).
		Str("on_failure", s.config.Audit.OnFailure).Msg("the decision log cannot be written")
}

// anchor writes the head of the decision log's chain into the program's log. If the program's log is
// kept elsewhere, somebody who shortens the decision log cannot remove the head.
func (s *Service) anchor(when string) {
	if a := s.audit.State(); a.Chain != "" {
		s.log.Info().Str("chain", a.Chain).Uint64("seq", a.Seq).Str("head", a.Head).Msg("the decision log's chain " + when)
	}
}
