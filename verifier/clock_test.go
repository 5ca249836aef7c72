package verifier

import (
	"testing"
	"time"
)

// A clock that jumps by ten minutes, either way and back, brings no expired
// token to life, and none is refused for longer than the jump.
func TestTheClockJumps(t *testing.T) {
	one := rsaKey(0, kidOne)
	now := testNow
	v := offline(t, jwksOf(one), func(o *Options) { o.Now = func() time.Time { return now } })
	token := func(iat, exp time.Duration) string {
		return one.token(idClaims(testNow).with("iat", testNow.Add(iat).Unix(), "exp", testNow.Add(exp).Unix()))
	}
	long, short, fresh, over := token(-time.Hour, 8*time.Hour), token(-time.Hour, 5*time.Minute), token(0, time.Hour), token(-time.Hour, -5*time.Minute)
	for _, step := range []struct {
		name                     string
		at                       time.Duration
		long, short, fresh, over Reason
	}{
		{"at first", 0, "", "", "", Expired},
		{"ten minutes back", -10 * time.Minute, "", "", NotYetValid, Expired},
		{"right again", 0, "", "", "", Expired},
		{"ten minutes ahead", 10 * time.Minute, "", Expired, "", Expired},
		{"set right: what looked expired stays so", 0, "", Expired, "", Expired},
		{"ten minutes later all is as it was", 10*time.Minute + 2*time.Second, "", Expired, "", Expired},
		{"ten minutes back from there", 0, "", Expired, "", Expired},
		{"a day ahead", 24 * time.Hour, Expired, Expired, Expired, Expired},
		{"set right: a clock that was so wrong is not remembered", 0, "", "", "", Expired},
	} {
		now = testNow.Add(step.at)
		for name, c := range map[string]struct {
			token string
			want  Reason
		}{"long": {long, step.long}, "short": {short, step.short}, "fresh": {fresh, step.fresh}, "over": {over, step.over}} {
			_, err := v.Verify(t.Context(), c.token, Presented{})
			if ReasonOf(err) != c.want {
				t.Errorf("%s: the %s token: %v, want %q", step.name, name, err, c.want)
			}
		}
	}
}

func TestAnAccessKeyDoesNotComeBackWithTheClock(t *testing.T) {
	one := rsaKey(0, kidOne)
	now := testNow
	v := offline(t, jwksOf(one), func(o *Options) { o.Now = func() time.Time { return now } })
	frozen := one.token(idClaims(testNow).with("iat", testNow.Add(-2*time.Hour).Unix(), "exp", testNow.Add(-time.Hour).Unix()))
	claims := toJSON(idClaims(testNow).with("iat", testNow.Add(-2*time.Hour).Unix(), "exp", drop))
	expired := toJSON(idClaims(testNow).with("exp", testNow.Add(-time.Minute).Unix()))
	for _, at := range []time.Duration{0, -10 * time.Minute} {
		now = testNow.Add(at)
		const age = 2*time.Hour - time.Minute
		_, err := v.Verify(t.Context(), frozen, Presented{MaxAge: age})
		wantReason(t, err, Expired)
		_, err = v.Attested(claims, age)
		wantReason(t, err, Untrusted)
		_, err = v.Attested(expired, 0)
		wantReason(t, err, Untrusted)
	}
}
