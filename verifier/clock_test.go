package verifier

import (
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
)

// If the clock jumps by ten minutes in either direction and back, an expired token stays
// expired, and no token is refused for longer than the jump.
func TestTheClockJumps(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	now := idp.Now
	v := offline(t, idp.JWKSOf(one), func(o *Options) { o.Now = func() time.Time { return now } })
	token := func(iat, exp time.Duration) string {
		return one.Token(idp.IDClaims(idp.Now).With("iat", idp.Now.Add(iat).Unix(), "exp", idp.Now.Add(exp).Unix()))
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
		now = idp.Now.Add(step.at)
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
	one := idp.RSAKey(0, idp.KidOne)
	now := idp.Now
	v := offline(t, idp.JWKSOf(one), func(o *Options) { o.Now = func() time.Time { return now } })
	frozen := one.Token(idp.IDClaims(idp.Now).With("iat", idp.Now.Add(-2*time.Hour).Unix(), "exp", idp.Now.Add(-time.Hour).Unix()))
	claims := idp.JSON(idp.IDClaims(idp.Now).With("iat", idp.Now.Add(-2*time.Hour).Unix(), "exp", idp.Drop))
	expired := idp.JSON(idp.IDClaims(idp.Now).With("exp", idp.Now.Add(-time.Minute).Unix()))
	for _, at := range []time.Duration{0, -10 * time.Minute} {
		now = idp.Now.Add(at)
		const age = 2*time.Hour - time.Minute
		_, err := v.Verify(t.Context(), frozen, Presented{MaxAge: age})
		wantReason(t, err, Expired)
		_, err = v.Attested(claims, age)
		wantReason(t, err, Untrusted)
		_, err = v.Attested(expired, 0)
		wantReason(t, err, Untrusted)
	}
}
