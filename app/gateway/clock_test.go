package gateway_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/revocation"
)

// The clock of the machine jumps ten minutes back, ahead and to the right time again, while decisions are
// cached. A session that logged out and a token that has expired stay denied after every jump.
func TestTheClockJumps(t *testing.T) {
	var jump atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(jump.Load())) }
	known := revocation.NewList(now, 25*time.Hour)
	g := newGate(t, func(o *gateway.Options, _ *verifier.Issuer, vo *verifier.Options) {
		o.Now, o.Revocations, vo.Now = now, known, now
	})
	right := time.Now()
	token := func(sid string, iat, exp time.Duration) string {
		return g.sign("bob", []string{"devs"}, "sid", sid, "iat", right.Add(iat).Unix(), "exp", right.Add(exp).Unix())
	}
	lives := token("lives", -time.Hour, 8*time.Hour)
	ended := token("ended", -time.Hour, 8*time.Hour)
	short := token("short", -time.Hour, 5*time.Minute)
	over := token("over", -time.Hour, -5*time.Minute)
	fresh := token("fresh", 0, time.Hour)
	known.End(&revocation.Logout{Issuer: "authentik", Subject: "bob", Session: "ended", ID: "1", IssuedAt: right, Expires: right.Add(2 * time.Minute)})
	known.Merge(revocation.Entry{Issuer: "authentik", Session: "ended elsewhere", ID: "2", Before: right, Until: right.Add(25 * time.Hour)})
	elsewhere := token("ended elsewhere", -time.Hour, 8*time.Hour)

	type want struct{ lives, short, fresh gateway.Reason }
	for _, step := range []struct {
		name string
		jump time.Duration
		want want
	}{
		{"at first", 0, want{gateway.PolicyAllow, gateway.PolicyAllow, gateway.PolicyAllow}},
		{"ten minutes back", -10 * time.Minute, want{gateway.PolicyAllow, gateway.PolicyAllow, gateway.TokenNotYetValid}},
		{"right again", 0, want{gateway.PolicyAllow, gateway.PolicyAllow, gateway.PolicyAllow}},
		{"ten minutes ahead", 10 * time.Minute, want{gateway.PolicyAllow, gateway.TokenExpired, gateway.PolicyAllow}},
		{"set right", 0, want{gateway.PolicyAllow, gateway.TokenExpired, gateway.PolicyAllow}},
		{"ten minutes back from there", -10 * time.Minute, want{gateway.PolicyAllow, gateway.TokenExpired, gateway.TokenNotYetValid}},
	} {
		jump.Store(int64(step.jump))
		ask := func(what, token string, want gateway.Reason) {
			t.Helper()
			g.expect(step.name+": "+what, g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").token(token), want)
		}
		for range 2 { // the second time from the caches
			ask("a session that lives", lives, step.want.lives)
			ask("one whose token ends soon", short, step.want.short)
			ask("one that has just begun", fresh, step.want.fresh)
			ask("one that logged out here", ended, gateway.TokenRevoked)
			ask("one that logged out at another replica", elsewhere, gateway.TokenRevoked)
			ask("one whose token has expired", over, gateway.TokenExpired)
		}
	}
}

// An expired grant stays expired if the clock is set back, cached or not.
func TestAnExpiredGrantDoesNotComeBackWithTheClock(t *testing.T) {
	var jump atomic.Int64
	right := time.Now()
	g := newGate(t, func(o *gateway.Options, _ *verifier.Issuer, _ *verifier.Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(jump.Load())) }
	})
	at := func(d time.Duration) string { return right.Add(d).UTC().Format(time.RFC3339) }
	g.use("version = 1\n[[group]]\nname = \"soon\"\npolicies = [\"readonly\"]\nexpires = " + at(5*time.Minute) +
		"\n[[group]]\nname = \"lately\"\npolicies = [\"readonly\"]\nexpires = " + at(-5*time.Minute) + "\n")
	soon, lately := g.sign("bob", []string{"soon"}), g.sign("bob", []string{"lately"})
	for _, step := range []struct {
		name string
		jump time.Duration
		soon gateway.Reason
	}{
		{"at first", 0, gateway.PolicyAllow},
		{"ten minutes back", -10 * time.Minute, gateway.PolicyAllow},
		{"ten minutes ahead", 10 * time.Minute, gateway.NoPolicy},
		{"right again", 0, gateway.NoPolicy},
		{"ten minutes back from there", -10 * time.Minute, gateway.NoPolicy},
	} {
		jump.Store(int64(step.jump))
		for range 2 {
			g.expect(step.name+": soon", g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").token(soon), step.soon)
			g.expect(step.name+": lately", g.session(ask("S1", "s3:GetObject", "b", "o"), "bob").token(lately), gateway.NoPolicy)
		}
	}
}
