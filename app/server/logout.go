package server

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/claimgate/claimgate/verifier"
	"github.com/gofiber/fiber/v3"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// logoutPath is where Authentik posts logout tokens (OpenID Connect
// Back-Channel Logout 1.0 section 2.5).
const logoutPath = "/backchannel-logout"

// logouts answers logout tokens. Anybody may send them, so a flood of false tokens must delay neither
// decisions nor other logouts, and must not fill the log: logoutsPerSource bounds the tokens that are
// checked at once, and refusalsShown bounds the log's lines.
type logouts struct {
	end     func(ctx context.Context, token string) error
	log     zerolog.Logger
	sources sources
	counts  *logoutCounts
}

const (
	logoutsPerSource = 64 // tokens of one source that are checked at once
	refusalsShown    = 10 // lines in the log per minute
)

func newLogouts(end func(ctx context.Context, token string) error, counts *logoutCounts, log zerolog.Logger) *logouts {
	return &logouts{
		end: end, counts: counts, log: log.Sample(&zerolog.BurstSampler{Burst: refusalsShown, Period: time.Minute}),
		sources: sources{underWay: make(map[netip.Prefix]int)},
	}
}

// serve ends the sessions that a logout token names. It needs no caller token, because the issuer signs
// the logout token. The answer says only what the standard requires (section 2.8), and Retry-After if
// the same token may be sent again.
func (l *logouts) serve(c fiber.Ctx) error {
	c.Response().Header.Set(fiber.HeaderCacheControl, "no-store")
	source := sourceOf(c.RequestCtx().RemoteIP())
	if !l.sources.enter(source) {
		l.counts.limited.Inc()
		return retryLater(c, fiber.StatusTooManyRequests)
	}
	defer l.sources.leave(source)
	token, ok := logoutToken(c)
	if !ok {
		return l.refused(c, "the form has no logout_token, or two different ones")
	}
	err := l.end(c.Context(), token)
	switch reason := verifier.ReasonOf(err); {
	case err == nil:
		l.counts.accepted.Inc()
		c.Response().SetStatusCode(fiber.StatusOK)
		return nil
	case reason == verifier.Overloaded, reason == verifier.KeysUnavailable:
		l.counts.limited.Inc()
		l.log.Warn().Err(err).Msg("a logout token could not be checked")
		return retryLater(c, fiber.StatusServiceUnavailable)
	default:
		return l.refused(c, err.Error())
	}
}

// logoutToken returns the form's logout_token. The form may repeat the same value.
func logoutToken(c fiber.Ctx) (token string, ok bool) {
	values := c.Request().PostArgs().PeekMulti("logout_token")
	for _, v := range values {
		if !bytes.Equal(v, values[0]) {
			return "", false
		}
	}
	if len(values) == 0 {
		return "", false
	}
	return string(values[0]), true
}

func (l *logouts) refused(c fiber.Ctx, why string) error {
	l.counts.refused.Inc()
	l.log.Warn().Str("error", why).Msg("a logout token was refused")
	return answerLogout(c, fiber.StatusBadRequest, "invalid_request")
}

func retryLater(c fiber.Ctx, status int) error {
	c.Response().Header.Set(fiber.HeaderRetryAfter, "1")
	return answerLogout(c, status, "temporarily_unavailable")
}

func answerLogout(c fiber.Ctx, status int, code string) error {
	c.Response().Header.SetContentType(fiber.MIMEApplicationJSON)
	c.Response().SetStatusCode(status)
	c.Response().SetBodyString(`{"result":false,"error":"` + code + `"}`)
	return nil
}

// sources counts the logout tokens that are being checked, by source.
type sources struct {
	mu       sync.Mutex
	underWay map[netip.Prefix]int
}

// sourceOf returns the network that counts as one source: an IPv4 address alone, or the /64 of an IPv6
// address, because one host usually has a whole /64.
func sourceOf(ip net.IP) netip.Prefix {
	address, _ := netip.AddrFromSlice(ip)
	address = address.Unmap()
	bits := address.BitLen()
	if address.Is6() {
		bits = 64
	}
	prefix, _ := address.Prefix(bits) // the zero prefix if ip is not an address
	return prefix
}

func (s *sources) enter(source netip.Prefix) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.underWay[source] >= logoutsPerSource {
		return false
	}
	s.underWay[source]++
	return true
}

func (s *sources) leave(source netip.Prefix) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.underWay[source]--; s.underWay[source] <= 0 {
		delete(s.underWay, source)
	}
}

// logoutCounts counts logout tokens by outcome.
type logoutCounts struct{ accepted, refused, limited prometheus.Counter }

func newLogoutCounts() (*logoutCounts, *prometheus.CounterVec) {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "claimgate_logouts_total",
		Help: "Logout tokens received: accepted, refused, or limited, which may be sent again.",
	}, []string{"outcome"})
	return &logoutCounts{v.WithLabelValues("accepted"), v.WithLabelValues("refused"), v.WithLabelValues("limited")}, v
}
