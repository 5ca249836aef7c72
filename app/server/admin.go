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

// Admin is the operators' side: health, metrics, version. It is served on a
// listener of its own, never on the public one, and asks for no credentials.
type Admin struct {
	Gateway  *gateway.Gateway
	Verifier *verifier.Verifier
	Store    *shared.Store // of revocations; nil where they are not shared
	Metrics  *Metrics
	Audit    *audit.Log
	Version  any // shown as JSON by /version
	// Shadow tells of the next mapping; nil if none is configured.
	Shadow func() ShadowState

	draining atomic.Bool
}

// Drain makes /readyz say no from now on, so that load balancers stop sending.
func (a *Admin) Drain() { a.draining.Store(true) }

// Server makes the HTTP server of the admin listener.
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

// ShadowState is how the next mapping fares. It does not make the gateway unready, because it decides nothing.
type ShadowState struct {
	File    string `json:"file"`
	Mapping string `json:"mapping"`         // the revision that is compared, "" for none
	Error   string `json:"error,omitempty"` // why none is
}

// Readiness is what /readyz shows.
type Readiness struct {
	Ready    bool             `json:"ready"`
	Draining bool             `json:"draining,omitempty"`
	Mapping  string           `json:"mapping"` // the revision in force, "" for none
	Issuers  []verifier.State `json:"issuers"`
	// RevocationStore is shown where revocations are shared.
	RevocationStore *shared.State `json:"revocation_store,omitempty"`
	// Audit is how the decision log fares. It does not make the gateway unready:
	// only further answers show that the log can be written again.
	Audit audit.State `json:"audit"`
	// Shadow is shown if there is a next mapping.
	Shadow *ShadowState `json:"shadow,omitempty"`
}

// Readiness is whether MinIO should ask: not until a mapping is in force and one
// issuer has usable keys, live or from a snapshot.
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
		r.Ready = r.Ready && !st.Stale // an outage alone is no reason to stop asking
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
	_ = json.NewEncoder(w).Encode(v) // the client has gone; there is nobody to tell
}
