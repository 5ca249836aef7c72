package serve

import (
	"context"
	"crypto/sha256"
	"os"
	"time"

	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/app/review/offline"
	"github.com/claimgate/claimgate/app/review/proof"
	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/invariant"
	"github.com/claimgate/claimgate/verifier/introspection"
	"github.com/claimgate/claimgate/verifier/jwks"
)

// files returns the files whose change starts a reload.
func (s *Service) files() []string {
	files := mapping.Files(s.config.Mapping.File)
	if s.config.Mapping.Shadow != "" {
		files = append(files, mapping.Files(s.config.Mapping.Shadow)...)
	}
	for _, f := range []string{s.config.Mapping.Invariants, s.config.Server.CallerTokensFile, s.config.Server.TLSCert, s.config.Server.TLSKey, s.config.Server.ClientCA} {
		if f != "" {
			files = append(files, f)
		}
	}
	return files
}

// reload reads the mapping, the caller tokens and the certificate again. A part that cannot be read
// stays as it was: a broken file must neither lock anybody out nor let anybody in.
//
// One reload ends before the next begins. Otherwise the reload that read the older file could take
// effect last.
func (s *Service) reload() {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	if err := s.loadMapping(); err != nil {
		s.log.Error().Err(err).Str("mapping", s.gateway.Mapping().Revision()).
			Msg("the new mapping has errors; the old one stays in force")
	}
	s.loadShadow()
	if tokens, err := s.config.Server.RereadCallerTokens(); err != nil {
		s.log.Error().Err(err).Msg("the new caller tokens have errors; the old ones stay in force")
	} else {
		s.setCallers(tokens)
	}
	if s.certificate != nil {
		if err := s.certificate.Reload(); err != nil {
			s.log.Error().Err(err).Msg("the new certificate has errors; the old one stays in use")
		}
	}
}

// loadMapping puts the mapping file in force if the file has no errors and differs from the mapping
// in force.
func (s *Service) loadMapping() error {
	m, found := mapping.Load(s.config.Mapping.File)
	if m != nil {
		found = append(found, m.CheckIssuers(issuerNames(s.config))...)
	}
	if m == nil || finding.HasErrors(found) {
		s.metrics.Reloaded("error")
		return finding.AsError(found)
	}
	if err := s.prove(m); err != nil {
		s.metrics.Reloaded("error")
		return err
	}
	if before := s.gateway.Mapping(); before != nil && before.Revision() == m.Revision() {
		s.metrics.Reloaded("unchanged")
		return nil
	}
	s.gateway.Use(m)
	s.metrics.Reloaded("ok")
	s.log.Info().Str("mapping", m.Revision()).Msg("a mapping is in force")
	for _, f := range found {
		s.log.Warn().Str("code", f.Code).Str("fix", f.Fix).Msg(f.Place() + ": " + f.Message)
	}
	return nil
}

// prove returns an error if the mapping breaks an invariant, or if an invariant cannot be proved. Then the
// mapping must not be put in force.
func (s *Service) prove(m *mapping.Mapping) error {
	if s.config.Mapping.Invariants == "" {
		return nil
	}
	// A proof takes seconds for a large mapping, so a reload that changes neither file skips it. The text is
	// read before the list: if the file changes in between, the next reload proves the mapping again.
	text, err := os.ReadFile(s.config.Mapping.Invariants)
	if err != nil {
		return err
	}
	pair := provenPair{m.Revision(), sha256.Sum256(text)}
	if pair == s.proved {
		s.metrics.Broken(nil)
		return nil
	}
	list, err := proof.Read([]string{s.config.Mapping.Invariants})
	if err != nil {
		return err
	}
	results, err := proof.Of(context.Background(), Offline(s.config, m), list, nil)
	if err != nil {
		return err
	}
	var broken []string
	for i := range results {
		if r := &results[i]; r.Verdict != invariant.Holds {
			broken = append(broken, r.Name)
		}
	}
	s.metrics.Broken(broken)
	if found := proof.Broken(results); len(found) > 0 {
		return finding.AsError(found)
	}
	s.proved = pair
	return nil
}

// provenPair is the revision of a mapping and the hash of invariants that the mapping keeps.
type provenPair struct {
	mapping    string
	invariants [sha256.Size]byte
}

// Offline returns the options of a gate that decides without a server, by the mapping m, as the service
// with the configuration c would.
func Offline(c *config.Config, m *mapping.Mapping) offline.Options {
	g := GatewayOptions(c)
	o := offline.Options{Mapping: m, Now: time.Now, Evidence: g.Evidence, Formerly: g.Formerly, Providers: g.Providers, EvaluateOwner: g.EvaluateOwner}
	for n := range c.Issuers {
		i := &c.Issuers[n]
		o.Issuers = append(o.Issuers, offline.Issuer{Name: i.Name, URL: i.URL, UsernameClaim: i.UsernameClaim, GroupsPath: i.Groups()})
	}
	return o
}

// issuerNames returns the issuer names that rules may use.
func issuerNames(c *config.Config) []string {
	names := make([]string, len(c.Issuers))
	for i := range c.Issuers {
		names[i] = c.Issuers[i].Name
	}
	return names
}

func (s *Service) setCallers(tokens []config.Secret) {
	list := make([]string, len(tokens))
	for i, t := range tokens {
		list[i] = string(t)
	}
	s.callers.Set(list)
}

// hangup handles SIGHUP: it reads every file again, and opens the decision log again, because the log
// may have been rotated.
func (s *Service) hangup() {
	s.log.Info().Msg("reading files again")
	s.reload()
	s.anchor("before the file is opened anew")
	if err := s.audit.Reopen(); err != nil {
		s.log.Error().Err(err).Msg("the decision log goes on in its old file")
	}
}

// introspectionNotice logs that an issuer does not answer introspection, or answers again.
func (s *Service) introspectionNotice(n introspection.Notice) {
	if n.Err == nil {
		s.log.Info().Str("issuer", n.Issuer).Msg("the issuer answers introspection again")
		return
	}
	s.log.Error().Str("issuer", n.Issuer).Err(n.Err).Msg("the issuer does not answer introspection")
}

// keysNotice logs and counts a notice about a key set.
func (s *Service) keysNotice(n jwks.Notice) {
	switch n.Kind {
	case jwks.Refreshed:
		s.log.Debug().Str("issuer", n.Issuer).Int("keys", n.Keys).Msg("the key set is unchanged")
	case jwks.KeysChanged, jwks.SnapshotLoaded:
		s.log.Info().Str("issuer", n.Issuer).Str("kind", string(n.Kind)).Int("keys", n.Keys).Strs("skipped", n.Skipped).Msg("a key set is in use")
	case jwks.RefreshFailed:
		s.log.Warn().Str("issuer", n.Issuer).Err(n.Err).Msg("the key set could not be fetched; the last good one stays in use up to max_stale")
	case jwks.SnapshotIgnored, jwks.SnapshotFailed:
		s.log.Warn().Str("issuer", n.Issuer).Str("kind", string(n.Kind)).Err(n.Err).Msg("the snapshot of the key set")
	}
	s.metrics.Refreshed(n)
}
