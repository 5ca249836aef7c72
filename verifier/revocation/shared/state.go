package shared

import (
	"time"

	"github.com/claimgate/claimgate/internal/forwardclock"
	"github.com/prometheus/client_golang/prometheus"
)

// State is the state of the store in /readyz.
type State struct {
	Store string `json:"store"` // host and port
	Up    bool   `json:"up"`
	// Complete is the time at which this replica last knew every shared revocation.
	Complete time.Time `json:"complete"`
	Stale    bool      `json:"stale"` // Complete is longer ago than revocation.max_stale
	Error    string    `json:"error,omitempty"`
}

// State returns the state now.
func (s *Store) State() State {
	st := State{Store: s.address, Up: s.up.Load(), Complete: *s.complete.Load(), Stale: s.Stale()}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lastError != nil {
		st.Error = s.lastError.Error()
	}
	return st
}

// Age returns how long ago this replica last knew every shared revocation. Before the first
// synchronization, Age returns the time since New.
func (s *Store) Age() time.Duration {
	return max(0, forwardclock.Age(*s.complete.Load(), s.o.Now()))
}

// Stale reports whether Age exceeds Options.MaxStale.
func (s *Store) Stale() bool { return s.o.MaxStale > 0 && s.Age() > s.o.MaxStale }

func (s *Store) setComplete(t time.Time) {
	s.complete.Store(&t)
	s.once.Do(func() { close(s.synced) })
}

func (s *Store) setUp() {
	s.mu.Lock()
	s.lastError = nil
	s.mu.Unlock()
	if !s.up.Swap(true) {
		s.o.Log.Info().Str("store", s.address).Msg("the revocation store is connected")
	}
}

func (s *Store) setDown(err error) {
	s.mu.Lock()
	first := s.lastError == nil
	s.lastError = err
	s.mu.Unlock()
	if s.up.Swap(false) || first {
		s.o.Log.Error().Err(err).Str("store", s.address).
			Msg("the revocation store is down: logouts at other replicas are not seen until it is back")
	}
}

var (
	upDesc = prometheus.NewDesc("claimgate_revocation_store_up",
		"Whether the shared store of revocations is connected.", nil, nil)
	ageDesc = prometheus.NewDesc("claimgate_revocation_store_age_seconds",
		"Seconds since this replica last knew every revocation of the other replicas.", nil, nil)
	syncsDesc = prometheus.NewDesc("claimgate_revocation_store_syncs_total",
		"Full synchronizations with the store, by outcome: ok or error.", []string{"outcome"}, nil)
	entriesDesc = prometheus.NewDesc("claimgate_revocation_store_entries_total",
		"Entries written to the store, and entries of it that could not be read.", []string{"outcome"}, nil)
)

// Describe implements prometheus.Collector.
func (s *Store) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{upDesc, ageDesc, syncsDesc, entriesDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (s *Store) Collect(ch chan<- prometheus.Metric) {
	up := 0.0
	if s.up.Load() {
		up = 1
	}
	ch <- prometheus.MustNewConstMetric(upDesc, prometheus.GaugeValue, up)
	ch <- prometheus.MustNewConstMetric(ageDesc, prometheus.GaugeValue, s.Age().Seconds())
	counter := func(d *prometheus.Desc, n uint64, outcome string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), outcome)
	}
	counter(syncsDesc, s.syncs.ok.Load(), "ok")
	counter(syncsDesc, s.syncs.failed.Load(), "error")
	counter(entriesDesc, s.pushed.Load(), "written")
	counter(entriesDesc, s.ignored.Load(), "ignored")
}
