package server

import (
	"runtime"
	"time"

	"github.com/claimgate/claimgate/app/audit"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/jwks"
	"github.com/claimgate/claimgate/verifier/revocation"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Metrics are the metrics that Prometheus reads. Their names and labels must stay the same.
// The methods may be called concurrently.
type Metrics struct {
	registry  *prometheus.Registry
	shadow    map[gateway.Outcome]prometheus.Counter
	decisions map[gateway.Reason]prometheus.Counter // so that a decision does not look up labels
	seconds   prometheus.Histogram
	refreshes *prometheus.CounterVec
	broken    *prometheus.GaugeVec
	reloads   *prometheus.CounterVec

	connections connections
	logouts     *logoutCounts
	unwritten   prometheus.Counter
}

// connections counts connections of the public listener.
type connections struct {
	open            prometheus.Gauge
	evicted, waited prometheus.Counter
}

// Sources are the parts whose counts Metrics.Read reads.
type Sources struct {
	Gateway     *gateway.Gateway
	Verifier    *verifier.Verifier
	Revocations *revocation.List
	Audit       *audit.Log
}

// NewMetrics makes the metrics of one process. version and commit describe the build.
func NewMetrics(version, commit string) *Metrics {
	m := &Metrics{
		registry:  prometheus.NewRegistry(),
		decisions: make(map[gateway.Reason]prometheus.Counter),
		shadow:    make(map[gateway.Outcome]prometheus.Counter),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "claimgate_decision_seconds",
			Help:    "Time from the request's arrival to its answer.",
			Buckets: []float64{25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 50e-3, 250e-3, 1, 5},
		}),
		refreshes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "claimgate_jwks_refreshes_total",
			Help: "Fetches of an issuer's key set, by outcome.",
		}, []string{"issuer", "outcome"}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "claimgate_mapping_reloads_total",
			Help: "Loads of the mapping: ok, unchanged, or error, which keeps the old one.",
		}, []string{"outcome"}),
	}
	m.broken = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "claimgate_mapping_broken_invariants",
		Help: "1 for each invariant that the mapping loaded last does not keep; that mapping is not in force.",
	}, []string{"invariant"})
	// Each series begins at zero: an alert on an increase does not see a series that begins at one.
	for _, outcome := range []string{"ok", "unchanged", "error"} {
		m.reloads.WithLabelValues(outcome)
	}
	shadow := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "claimgate_shadow_decisions_total",
		Help: "Decisions made under the next mapping as well: same, gains (denied, would be allowed), loses (allowed, would be denied), failed (a defect). They change no answer.",
	}, []string{"outcome"})
	for outcome, name := range map[gateway.Outcome]string{
		gateway.ShadowSame: "same", gateway.ShadowGains: "gains", gateway.ShadowLoses: "loses", gateway.ShadowFailed: "failed",
	} {
		m.shadow[outcome] = shadow.WithLabelValues(name)
	}
	m.registry.MustRegister(shadow)
	decisions := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "claimgate_decisions_total",
		Help: "Answers given, by result and reason.",
	}, []string{"result", "reason"})
	for _, r := range gateway.Reasons() {
		result := "deny"
		if r.Allows() {
			result = "allow"
		}
		m.decisions[r] = decisions.WithLabelValues(result, string(r))
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "claimgate_build_info",
		Help: "Always 1; the labels are the build.",
	}, []string{"version", "commit", "goversion"})
	build.WithLabelValues(version, commit, runtime.Version()).Set(1)
	limited := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "claimgate_connection_limit_total",
		Help: "Times server.max_connections was reached: evicted, a stranger's connection was closed; waited, a connection had to wait for one of MinIO's to end.",
	}, []string{"outcome"})
	m.connections = connections{
		open:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "claimgate_connections", Help: "Open connections to the public listener."}),
		evicted: limited.WithLabelValues("evicted"), waited: limited.WithLabelValues("waited"),
	}
	m.unwritten = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "claimgate_refusals_unwritten_total",
		Help: "Refusals of callers that are not known which came too fast to be written to the decision log.",
	})
	m.registry.MustRegister(m.unwritten)
	counts, received := newLogoutCounts()
	m.logouts = counts
	m.registry.MustRegister(
		received, m.connections.open, limited, decisions, m.seconds, m.refreshes, m.reloads, m.broken, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

func (m *Metrics) decided(d *gateway.Decision, took time.Duration) {
	if c := m.decisions[d.Reason]; c != nil {
		c.Inc()
	}
	if c := m.shadow[d.Outcome]; c != nil {
		c.Inc()
	}
	m.seconds.Observe(took.Seconds())
}

// Refreshed counts one fetch of an issuer's key set.
func (m *Metrics) Refreshed(n jwks.Notice) {
	m.refreshes.WithLabelValues(n.Issuer, string(n.Kind)).Inc()
}

// Reloaded counts one load of the mapping.
func (m *Metrics) Reloaded(outcome string) { m.reloads.WithLabelValues(outcome).Inc() }

// Broken sets the names of the invariants that the mapping loaded last breaks. It replaces earlier
// names.
func (m *Metrics) Broken(names []string) {
	m.broken.Reset()
	for _, name := range names {
		m.broken.WithLabelValues(name).Set(1)
	}
}

// Register adds a collector of another part.
func (m *Metrics) Register(c prometheus.Collector) { m.registry.MustRegister(c) }

// Read adds the counts of s. They are read at each scrape.
func (m *Metrics) Read(s Sources) { m.registry.MustRegister(&collector{s: s}) }

type collector struct{ s Sources }

var (
	jwksAge = prometheus.NewDesc("claimgate_jwks_age_seconds",
		"Age of the key set in use. Tokens are refused once it exceeds max_stale.", []string{"issuer"}, nil)
	tokenCache = prometheus.NewDesc("claimgate_token_cache_total",
		"Tokens by what was remembered of them: hit, miss, or refused.", []string{"outcome"}, nil)
	decisionCache = prometheus.NewDesc("claimgate_decision_cache_total",
		"Condition-free decisions by whether they were remembered.", []string{"outcome"}, nil)
	inFlight = prometheus.NewDesc("claimgate_verifications_in_flight",
		"Signature checks that run or wait.", nil, nil)
	mappingInfo = prometheus.NewDesc("claimgate_mapping_info",
		"Always 1; the label is the revision of the mapping in force.", []string{"revision"}, nil)
	grantExpiry = prometheus.NewDesc("claimgate_grant_expiry_seconds",
		"Seconds until a rule's grant expires; negative once it has.", []string{"rule"}, nil)
	revocations = prometheus.NewDesc("claimgate_revocations",
		"Revocations remembered, by what they end: a session (sid) or all of a subject's (sub).", []string{"kind"}, nil)
	introspections = prometheus.NewDesc("claimgate_introspections_total",
		"Questions to an issuer whether a token still counts: active, inactive, or error.", []string{"issuer", "outcome"}, nil)
	dropped = prometheus.NewDesc("claimgate_revocations_dropped_total",
		"Revocations forgotten before their time, or not taken from the store, for want of room.", nil, nil)
	auditLines = prometheus.NewDesc("claimgate_audit_lines_total",
		"Lines of the decision log: written, left out as configured (skipped), lost, or of allows that were denied because their line could not be written (denied).", []string{"outcome"}, nil)
)

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		jwksAge, tokenCache, decisionCache, inFlight, mappingInfo, grantExpiry, revocations, dropped, introspections, auditLines,
	} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	counter := func(d *prometheus.Desc, n uint64, label string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), label)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	now := time.Now()
	for _, st := range c.s.Verifier.States() {
		if !st.Fetched.IsZero() {
			gauge(jwksAge, now.Sub(st.Fetched).Seconds(), st.Issuer)
		}
		if in := st.Introspection; in != nil {
			for outcome, n := range map[string]uint64{"active": in.Active, "inactive": in.Inactive, "error": in.Failed} {
				ch <- prometheus.MustNewConstMetric(introspections, prometheus.CounterValue, float64(n), st.Issuer, outcome)
			}
		}
	}
	tokens := c.s.Verifier.Stats()
	counter(tokenCache, tokens.Hits, "hit")
	counter(tokenCache, tokens.Misses, "miss")
	counter(tokenCache, tokens.Refused, "refused")
	gauge(inFlight, float64(tokens.InFlight))
	decisions := c.s.Gateway.Stats()
	counter(decisionCache, decisions.DecisionHits, "hit")
	counter(decisionCache, decisions.DecisionMisses, "miss")
	if m := c.s.Gateway.Mapping(); m != nil {
		gauge(mappingInfo, 1, m.Revision())
		for rule, at := range expiries(m) {
			gauge(grantExpiry, at.Sub(now).Seconds(), rule)
		}
	}
	ended := c.s.Revocations.Counts()
	gauge(revocations, float64(ended.Sessions), "sid")
	gauge(revocations, float64(ended.Subjects), "sub")
	ch <- prometheus.MustNewConstMetric(dropped, prometheus.CounterValue, float64(ended.Dropped))
	lines := c.s.Audit.Counts()
	counter(auditLines, lines.Written, "written")
	counter(auditLines, lines.Skipped, "skipped")
	counter(auditLines, lines.Lost, "lost")
	counter(auditLines, lines.Denied, "denied")
}

// expiries returns when each rule with an expiry expires, by the rule's kind and name. If rules for
// different issuers have the same name, expiries returns the earliest expiry.
func expiries(m *mapping.Mapping) map[string]time.Time {
	first := make(map[string]time.Time)
	for _, e := range m.Expiries() {
		name := e.Rule.Kind + ":" + e.Rule.Name
		if at, ok := first[name]; !ok || e.At.Before(at) {
			first[name] = e.At
		}
	}
	return first
}
