package jwks

import "time"

// State describes an issuer's key set, for readiness and metrics.
type State struct {
	Issuer  string    `json:"issuer"` // the configured name
	URL     string    `json:"url"`
	Usable  bool      `json:"usable"`            // tokens can be verified now
	Keys    int       `json:"keys"`              // usable signing keys
	Fetched time.Time `json:"fetched,omitzero"`  // time of the fetch of the set in use
	Error   string    `json:"error,omitempty"`   // of the newest fetch, "" if the fetch succeeded
	Skipped []string  `json:"skipped,omitempty"` // keys of the set that are not usable, and why
}

// State returns the state now.
func (s *Source) State() State {
	st := State{Issuer: s.config.Name, URL: s.config.URL, Usable: s.At(s.config.Now()) != nil}
	if set := s.set.Load(); set != nil {
		st.Keys, st.Fetched, st.Skipped = set.Size(), set.fetched, set.skipped
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lastError != nil {
		st.Error = s.lastError.Error()
	}
	return st
}
