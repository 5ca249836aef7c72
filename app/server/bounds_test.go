package server

import (
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/dialect"
	"github.com/claimgate/claimgate/app/dialect/minio"
	"github.com/claimgate/claimgate/app/gateway"

	"github.com/rs/zerolog"
)

// Every request has a bound in time and size, because fasthttp has no limits by default.
func TestEveryRequestIsBoundedInTimeAndSize(t *testing.T) {
	callers := new(Callers)
	callers.Set(nil)
	s := New(Options{Gateway: new(gateway.Gateway), Callers: callers, Metrics: NewMetrics("", ""), Log: zerolog.Nop(), Endpoints: map[string]*dialect.Dialect{"/authz": minio.Dialect}, MaxBody: 1 << 20})
	const minioKeepsIdle, minioWaits = 15 * time.Second, 60 * time.Second
	for name, app := range map[string]struct{ body, want int }{
		"MinIO's":   {s.app.Server().MaxRequestBodySize, 1 << 20},
		"elsewhere": {s.remoteApp.Server().MaxRequestBodySize, maxUnknownBody},
	} {
		if app.body != app.want {
			t.Errorf("%s: a body of %d bytes is read", name, app.body)
		}
	}
	fast := s.app.Server()
	timeout := func(p phase) time.Duration { return time.Duration(timeouts[p]) * time.Second }
	if timeout(reading) <= 0 || timeout(reading) >= minioWaits || timeout(writing) <= 0 || timeout(writing) >= minioWaits {
		t.Errorf("reading a request has the timeout %s, writing its answer %s", timeout(reading), timeout(writing))
	}
	if timeout(idle) < 4*minioKeepsIdle {
		t.Errorf("idle connections are closed after %s: MinIO keeps them for %s", timeout(idle), minioKeepsIdle)
	}
	if fast.ReadBufferSize <= 0 || fast.ReadBufferSize > 64<<10 {
		t.Errorf("a header of %d bytes is read", fast.ReadBufferSize)
	}
	admin := new(Admin)
	admin.Metrics = NewMetrics("", "")
	h := admin.Server()
	if h.ReadHeaderTimeout <= 0 || h.ReadTimeout <= 0 || h.WriteTimeout <= 0 || h.IdleTimeout <= 0 {
		t.Error("the admin listener has no timeout")
	}
}
