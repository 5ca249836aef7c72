package server

import (
	"encoding/json"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/claimgate/claimgate/app/audit"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/revocation/shared"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Admin serves health, metrics, version and explanations to operators. It needs a listener of its own,
// never the public one, because it asks for no credentials.
type Admin struct {
	Gateway  *gateway.Gateway
	Verifier *verifier.Verifier
	Store    *shared.Store // of revocations; nil if revocations are not shared
	Metrics  *Metrics
	Audit    *audit.Log
	Version  any // shown as JSON by /version
	// Shadow returns the state of the next mapping; nil if no next mapping is configured.
	Shadow func() ShadowState

	draining atomic.Bool
}

// Drain makes /readyz answer 503 from now on, so that load balancers stop sending requests.
func (a *Admin) Drain() { a.draining.Store(true) }

// Server returns a new HTTP server for the admin listener.
func (a *Admin) Server() *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", a.live)
	mux.HandleFunc("GET /readyz", a.ready)
	mux.HandleFunc("GET /version", a.version)
	mux.HandleFunc("POST /explain", a.explain)
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.Metrics.registry, promhttp.HandlerOpts{}))
	return &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       idleTimeout * time.Second,
	}
}

func (a *Admin) live(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]bool{"live": true})
}

// ShadowState is the state of the next mapping. It has no effect on readiness, because the next mapping
// decides nothing.
type ShadowState struct {
	File    string `json:"file"`
	Mapping string `json:"mapping"`         // the revision of the next mapping, "" if none is loaded
	Error   string `json:"error,omitempty"` // why no next mapping is loaded
}

// Readiness is what /readyz shows.
type Readiness struct {
	Ready    bool             `json:"ready"`
	Draining bool             `json:"draining,omitempty"`
	Mapping  string           `json:"mapping"` // the revision in force, "" for none
	Issuers  []verifier.State `json:"issuers"`
	// RevocationStore is nil if revocations are not shared.
	RevocationStore *shared.State `json:"revocation_store,omitempty"`
	// Audit is the state of the decision log. A failing log does not make the gateway unready: only
	// further answers show that the log can be written again.
	Audit audit.State `json:"audit"`
	// Shadow is nil if no next mapping is configured.
	Shadow *ShadowState `json:"shadow,omitempty"`
}

// Readiness returns whether MinIO should send requests, and why. The gateway is ready if it does not
// drain, a mapping is in force, one issuer has usable keys (fetched or from a snapshot), and shared
// revocations are not too old.
func (a *Admin) Readiness() Readiness {
	r := Readiness{Draining: a.draining.Load(), Issuers: a.Verifier.States(), Audit: a.Audit.State()}
	if m := a.Gateway.Mapping(); m != nil {
		r.Mapping = m.Revision()
	}
	r.Ready = !r.Draining && r.Mapping != "" && a.Verifier.Ready()
	if a.Shadow != nil {
		shadow := a.Shadow()
		r.Shadow = &shadow
	}
	if a.Store != nil {
		st := a.Store.State()
		r.RevocationStore = &st
		r.Ready = r.Ready && !st.Stale // during an outage MinIO may still ask
	}
	return r
}

func (a *Admin) ready(w http.ResponseWriter, _ *http.Request) {
	r := a.Readiness()
	status := http.StatusOK
	if !r.Ready {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, r)
}

func (a *Admin) version(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, a.Version)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // an error means that the client has gone
}
