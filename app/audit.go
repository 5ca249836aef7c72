package main

import (
	"github.com/claimgate/claimgate/app/audit"
)

// openAudit makes the decision log that the configuration asks for.
func (s *service) openAudit() (*audit.Log, error) {
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

// auditNotice says how the decision log fares, when that changes and every so
// often while it fails.
func (s *service) auditNotice(n audit.Notice) {
	if n.Recovered {
		s.log.Info().Uint64("lost", n.Lost).Uint64("denied", n.Denied).Time("failing_since", n.Since).
			Msg("the decision log is written again")
		return
	}
	s.log.Error().Str("error", n.Error).Uint64("lost", n.Lost).Uint64("denied", n.Denied).Time("failing_since", n.Since).
		Str("on_failure", s.config.Audit.OnFailure).Msg("the decision log cannot be written")
}

// anchor puts the head of the decision log's chain into the program's log: who
// shortens the one cannot take it out of the other, where that is kept elsewhere.
func (s *service) anchor(when string) {
	if a := s.audit.State(); a.Chain != "" {
		s.log.Info().Str("chain", a.Chain).Uint64("seq", a.Seq).Str("head", a.Head).Msg("the decision log's chain " + when)
	}
}
