package verifier

import (
	"errors"
	"io/fs"
	"net/url"
	"strings"
	"time"
)

// State is what is known of one issuer, for readiness and metrics.
type State struct {
	Issuer  string    `json:"issuer"`
	URL     string    `json:"url"`
	Usable  bool      `json:"usable"`            // tokens of it can be verified now
	Keys    int       `json:"keys"`              // usable signing keys
	Fetched time.Time `json:"fetched,omitzero"`  // when the issuer gave the set in use
	Error   string    `json:"error,omitempty"`   // of the newest fetch, "" where it went well
	Skipped []string  `json:"skipped,omitempty"` // keys of the set that do not count, and why

	Introspection *IntrospectionState `json:"introspection,omitempty"` // nil where nobody is asked
}

// States tells the state of each issuer, in the order they were given.
func (v *Verifier) States() []State {
	states := make([]State, 0, len(v.order))
	for _, s := range v.order {
		st := State{Issuer: s.issuer.Name, URL: s.issuer.URL, Usable: s.current() != nil}
		if set := s.set.Load(); set != nil {
			st.Keys, st.Fetched, st.Skipped = set.size(), set.fetched, set.skipped
		}
		s.mu.Lock()
		if s.lastError != nil {
			st.Error = s.lastError.Error()
		}
		s.mu.Unlock()
		st.Introspection = s.introspector.state()
		states = append(states, st)
	}
	return states
}

// Ready reports whether at least one issuer has usable keys.
func (v *Verifier) Ready() bool {
	for _, s := range v.order {
		if s.current() != nil {
			return true
		}
	}
	return false
}

// Stats are counts since the start.
type Stats struct {
	Hits     uint64 // tokens that were remembered
	Misses   uint64 // tokens that had to be verified
	Refused  uint64 // tokens refused for another reason than time
	InFlight int    // signature checks that run or wait now
}

// Stats returns the counts so far.
func (v *Verifier) Stats() Stats {
	return Stats{v.stats.hit.Load(), v.stats.miss.Load(), v.stats.refused.Load(), v.pool.inFlight()}
}

// unavailable says that an issuer's keys are missing or too old, and since when.
func (s *keySource) unavailable() *Error {
	e := refuse(KeysUnavailable, "no key set of the issuer "+s.issuer.Name+" could be fetched yet")
	if set := s.set.Load(); set != nil {
		e.Detail = "the last good key set of the issuer " + s.issuer.Name + " is of " +
			set.fetched.UTC().Format(time.RFC3339) + ", older than max_stale (" + s.issuer.MaxStale.String() + ")"
	}
	e.Hint = "see /readyz of the admin listener for what its address answers"
	return e
}

func (s *keySource) loadSnapshot() {
	set, err := readSnapshot(s.issuer, s.now())
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) { // as on the first start
			s.notify(Notice{Issuer: s.issuer.Name, Kind: SnapshotIgnored, Err: err})
		}
		return
	}
	s.set.Store(set)
	s.notify(Notice{Issuer: s.issuer.Name, Kind: SnapshotLoaded, Keys: set.size(), Skipped: set.skipped})
}

// similar finds a configured issuer that an operator may have meant.
func (v *Verifier) similar(iss string) string {
	got, err := url.Parse(iss)
	if err != nil {
		return ""
	}
	for _, s := range v.order {
		want, err := url.Parse(s.issuer.URL)
		if err == nil && strings.EqualFold(strings.Trim(got.Path, "/"), strings.Trim(want.Path, "/")) {
			return s.issuer.URL
		}
	}
	return ""
}
