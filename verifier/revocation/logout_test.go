package revocation

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
	"github.com/claimgate/claimgate/internal/testsupport/occupy"
	"github.com/claimgate/claimgate/internal/testsupport/verified"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/internal/pool"
	"github.com/google/go-cmp/cmp"
)

func TestVerifyLogout(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	_, l := offline(t, idp.JWKSOf(one))
	base := idp.LogoutClaims(idp.Now)
	full := Logout{
		Issuer: "authentik", Subject: "alice", Session: "s1", ID: "j1",
		IssuedAt: idp.Now, Expires: idp.Now.Add(150 * time.Second), // exp and the leeway
	}
	bySession, bySubject, young := full, full, full
	bySession.Subject, bySubject.Session = "", ""
	young.Expires = idp.Now.Add(5*time.Minute + 30*time.Second)
	old := young
	old.IssuedAt, old.Expires = idp.Now.Add(-5*time.Minute), idp.Now.Add(30*time.Second)
	for _, c := range []struct {
		name  string
		token string
		want  verifier.Reason
		got   Logout
	}{
		{"2026.2: typ logout+jwt", one.Token(base, "typ", "logout+jwt"), "", full},
		{"a type compares without case", one.Token(base, "typ", "Logout+JWT"), "", full},
		{"2025.10: typ JWT", one.Token(base), "", full},
		{"no typ", one.Token(base, "typ", idp.Drop), "", full},
		{"sid only", one.Token(base.With("sub", idp.Drop)), "", bySession},
		{"sub only", one.Token(base.With("sid", idp.Drop)), "", bySubject},
		{"sid null", one.Token(base.With("sid", nil)), "", bySubject},
		{"2025.8: no exp", one.Token(base.With("exp", idp.Drop)), "", young},
		{"2025.8: no exp, five minutes old", one.Token(base.With("exp", idp.Drop, "iat", idp.Now.Unix()-300)), "", old},
		{"no exp, too old", one.Token(base.With("exp", idp.Drop, "iat", idp.Now.Unix()-330)), verifier.Expired, Logout{}},
		{"expired", one.Token(base.With("exp", idp.Now.Unix()-30)), verifier.Expired, Logout{}},
		{"exp far ahead", one.Token(base.With("exp", idp.Now.Unix()+86401)), verifier.Lifetime, Logout{}},
		{"exp out of all bounds", one.Token(base.With("exp", int64(1)<<62)), verifier.Lifetime, Logout{}},
		{"exp a string", one.Token(base.With("exp", "soon")), verifier.BadClaims, Logout{}},
		{"iat missing", one.Token(base.With("iat", idp.Drop)), verifier.BadClaims, Logout{}},
		{"iat a float", one.Token(base.With("iat", 1.5)), verifier.BadClaims, Logout{}},
		{"iat ahead", one.Token(base.With("iat", idp.Now.Unix()+31)), verifier.NotYetValid, Logout{}},
		{"neither sid nor sub", one.Token(base.With("sid", idp.Drop, "sub", idp.Drop)), verifier.BadClaims, Logout{}},
		{"an empty sid does not widen it to the subject", one.Token(base.With("sid", "")), verifier.BadClaims, Logout{}},
		{"sub a number", one.Token(base.With("sub", 7)), verifier.BadClaims, Logout{}},
		{"jti missing", one.Token(base.With("jti", idp.Drop)), verifier.BadClaims, Logout{}},
		{"jti null", one.Token(base.With("jti", nil)), verifier.BadClaims, Logout{}},
		{"an ID token", one.Token(idp.IDClaims(idp.Now)), verifier.Type, Logout{}},
		{"an ID token with events", one.Token(base.With("nonce", "n")), verifier.Type, Logout{}},
		{"nonce null", one.Token(base.With("nonce", nil)), verifier.Type, Logout{}},
		{"another event", one.Token(base.With("events", map[string]any{"http://schemas.openid.net/event/other": map[string]any{}})), verifier.Type, Logout{}},
		{"the event is no object", one.Token(base.With("events", map[string]any{logoutEvent: true})), verifier.Type, Logout{}},
		{"events a list", one.Token(base.With("events", []string{logoutEvent})), verifier.Type, Logout{}},
		{"typ at+jwt", one.Token(base, "typ", "at+jwt"), verifier.Type, Logout{}},
		{"for another client", one.Token(base.With("aud", "other")), verifier.WrongAudience, Logout{}},
		{"of another issuer", one.Token(base.With("iss", "https://auth.example/application/o/other/")), verifier.WrongIssuer, Logout{}},
		{"a twin of nonce", one.Token(base.With("Nonce", "n")), verifier.Malformed, Logout{}},
		{"forged", idp.RSAKey(1, idp.KidOne).Token(base), verifier.Signature, Logout{}},
		{"an unknown key", idp.RSAKey(1, idp.KidTwo).Token(base), verifier.UnknownKey, Logout{}},
		{"HS256", idp.HMACToken([]byte("secret"), base, map[string]any{"alg": "HS256", "typ": "JWT"}), verifier.Algorithm, Logout{}},
		{"too long", strings.Repeat("a", 16<<10+1), verifier.Malformed, Logout{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := l.Verify(t.Context(), c.token)
			verified.WantReason(t, err, c.want)
			if (got == nil) != (err != nil) {
				t.Fatalf("logout %v with error %v", got, err)
			}
			if got != nil {
				if diff := cmp.Diff(c.got, *got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}

// A logout token must never be accepted as a bearer token.
func TestALogoutTokenIsNoBearerToken(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	v, _ := offline(t, idp.JWKSOf(one))
	for _, typ := range []string{"JWT", "logout+jwt"} {
		_, err := v.Verify(t.Context(), one.Token(idp.LogoutClaims(idp.Now), "typ", typ), verifier.Presented{})
		verified.WantReason(t, err, verifier.Type)
	}
}

// Anybody may send logout tokens, so their checks have a pool of their own.
func TestLogoutFloodTakesNoSlotOfTokens(t *testing.T) {
	one, forger := idp.RSAKey(0, idp.KidOne), idp.RSAKey(1, idp.KidOne)
	bubble(t, func(t *testing.T, _ *idp.Issuer, v *verifier.Verifier, l *LogoutVerifier) {
		release := occupy.Slot(t, l.purpose.Checks)
		_, err := l.Verify(t.Context(), forger.Token(idp.LogoutClaims(time.Now())))
		verified.WantReason(t, err, verifier.Overloaded)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		start := time.Now()
		_, err = l.Verify(ctx, forger.Token(idp.LogoutClaims(time.Now())))
		verified.WantReason(t, err, verifier.Overloaded)
		verified.Decide(t, v, one.Token(idp.IDClaims(time.Now())), "")
		if took := time.Since(start); took != 0 {
			t.Errorf("took %s", took)
		}
		release()
	})
}

// After a forged logout token the slot rests nine times as long as the check took. After a
// good one the slot does not rest. So a flood takes a tenth of a core, and every waiting
// check gets its turn.
func TestAForgedLogoutTokenLetsTheNextOneWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pool.New(1, maxLogoutWaiters, maxLogoutWait).WithRest(logoutRestFactor)
		check := func(good bool) func() bool {
			return func() bool { time.Sleep(time.Millisecond); return good }
		}
		start := time.Now()
		for _, c := range []struct {
			good bool
			want int // milliseconds until it is done
		}{{true, 1}, {true, 2}, {false, 3}, {true, 13}, {false, 14}, {false, 24}, {true, 34}} {
			if !p.Do(t.Context(), check(c.good)) {
				t.Fatal("no slot became free")
			}
			if took := time.Since(start); took.Milliseconds() != int64(c.want) {
				t.Fatalf("done after %s, want %dms", took, c.want)
			}
		}
		// As many forgeries as may wait, and then a good token.
		var flood sync.WaitGroup
		p.Do(t.Context(), check(false))
		for range maxLogoutWaiters - 1 {
			flood.Go(func() {
				p.Do(t.Context(), func() bool { time.Sleep(300 * time.Microsecond); return false })
			})
		}
		synctest.Wait()
		start = time.Now()
		if !p.Do(t.Context(), check(true)) {
			t.Error("a good logout token found no slot")
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("a good logout token waited %s", took)
		}
		flood.Wait()
	})
}

// A logout token has only one caller, so its check ends if the caller goes away.
func TestALogoutTokenIsNotCheckedForACallerThatHasGone(t *testing.T) {
	two := idp.RSAKey(1, idp.KidTwo)
	bubble(t, func(t *testing.T, i *idp.Issuer, _ *verifier.Verifier, l *LogoutVerifier) {
		i.Publish(idp.JWKSOf(two))
		i.Fail(idp.Fault{Keys: i.Slowly(2 * time.Second)})
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		time.AfterFunc(time.Second, cancel)
		_, err := l.Verify(ctx, two.Token(idp.LogoutClaims(start)))
		verified.WantReason(t, err, verifier.UnknownKey)
		if took := time.Since(start); took != time.Second {
			t.Errorf("the check went on for %s, want a second", took)
		}
		time.Sleep(time.Second) // the issuer finishes its answer
	})
}
