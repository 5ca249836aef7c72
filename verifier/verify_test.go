package verifier

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestIdentity(t *testing.T) {
	one := rsaKey(0, kidOne)
	token := one.token(idClaims(testNow).with("roles", []string{"a", "b"}, "nested", claims{"x": 1}, "level", 3, "nothing", nil))
	v := offline(t, jwksOf(one))
	got, err := v.Verify(t.Context(), token, Presented{})
	if err != nil {
		t.Fatal(err)
	}
	want := &Identity{
		Issuer: "authentik", IssuerURL: issuerURL, Subject: idClaims(testNow)["sub"].(string), Username: "alice",
		Session: idClaims(testNow)["sid"].(string), Groups: []string{"minio users"},
		IssuedAt: testNow, Expires: testNow.Add(time.Hour), Digest: sha256.Sum256([]byte(token)),
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Identity{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, c := range []struct {
		name   string
		values []string
		ok     bool
	}{
		{"policy", []string{"readwrite"}, true},
		{"roles", []string{"a", "b"}, true},
		{"nothing", nil, true},
		{"absent", nil, true},
		{"nested", nil, false},
		{"level", nil, false},
		{"email_verified", nil, false},
	} {
		values, ok := got.Claim(c.name)
		if diff := cmp.Diff(c.values, values); diff != "" || ok != c.ok {
			t.Errorf("claim %s: ok %v, (-want +got):\n%s", c.name, ok, diff)
		}
	}
}

// Rows of header and payload that no issuer means, beside those of odd_test.go.
func TestStrictForm(t *testing.T) {
	one := rsaKey(0, kidOne)
	v := offline(t, jwksOf(one))
	head := `{"alg":"RS256","typ":"JWT","kid":"` + kidOne + `"}`
	good := one.token(idClaims(testNow))
	body := good[strings.Index(good, ".")+1:]
	for _, c := range []struct {
		name  string
		token string
		want  Reason
	}{
		{"the header is a list", one.compact([]byte(`["RS256"]`), []byte("{}")), Malformed},
		{"the header is no JSON", one.compact([]byte("RS256"), []byte("{}")), Malformed},
		{"the header is no base64url", "%%." + body, Malformed},
		{"the payload is a list", one.compact([]byte(head), []byte(`[{"iss":"a"}]`)), Malformed},
		{"the payload is no JSON", one.compact([]byte(head), []byte("iss")), Malformed},
		{"no signature", good[:strings.LastIndex(good, ".")+1], Malformed},
		{"two segments", good[:strings.LastIndex(good, ".")], Malformed},
		{"a signature of another length", good[:strings.LastIndex(good, ".")+1] + b64(make([]byte, 255)), Signature},
		{"alg a number", one.token(idClaims(testNow), "alg", 256), Malformed},
		{"alg in lower case", one.token(idClaims(testNow), "alg", "rs256"), Algorithm},
		{"typ a number", one.token(idClaims(testNow), "typ", 1), Type},
		{"typ at+jwt", one.token(idClaims(testNow), "typ", "at+JWT"), ""},
		{"typ absent", one.token(idClaims(testNow), "typ", drop), ""},
		{"x5c and x5t, which are ignored", one.token(idClaims(testNow), "x5c", []string{"?"}, "x5t", 7), ""},
		{"kid empty", one.token(idClaims(testNow), "kid", ""), Malformed},
		{"kid of 129 bytes", one.token(idClaims(testNow), "kid", strings.Repeat("k", 129)), Malformed},
		{"alg of an EC key under the kid of an RSA key", one.token(idClaims(testNow), "alg", "ES256"), Algorithm},
		{"azp a list", one.token(idClaims(testNow).with("azp", []string{clientID})), BadClaims},
		{"aud missing", one.token(idClaims(testNow).with("aud", drop)), WrongAudience},
		{"aud null", one.token(idClaims(testNow).with("aud", nil)), BadClaims},
		{"aud of mixed types", one.token(idClaims(testNow).with("aud", []any{clientID, 7})), BadClaims},
		{"sid a number", one.token(idClaims(testNow).with("sid", 1)), BadClaims},
		{"iat a string", one.token(idClaims(testNow).with("iat", "now")), BadClaims},
		{"nbf null", one.token(idClaims(testNow).with("nbf", nil)), BadClaims},
		{"nbf out of all bounds", one.token(idClaims(testNow).with("nbf", int64(1)<<41)), BadClaims},
		{"the username claim in another case", one.token(idClaims(testNow).with("PREFERRED_USERNAME", "root")), Malformed},
		{"a claim whose long s folds to that of sub", one.token(idClaims(testNow).with("\u017fub", "root")), Malformed},
		{"a claim of another alphabet", one.token(idClaims(testNow).with("имя", "root")), ""},
		{"a line break in the signature", good[:len(good)-3] + "\n" + good[len(good)-3:], Malformed},
		{"dots", strings.Repeat(".", 16<<10), Malformed},
		{"longer than max_token", strings.Repeat("a", 16<<10+1), Malformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := v.Verify(t.Context(), c.token, Presented{})
			wantReason(t, err, c.want)
			if err != nil && len(c.token) > 200 && strings.Contains(err.Error(), c.token[len(c.token)-40:]) {
				t.Error("the error shows the signature")
			}
		})
	}
}

// MaxAge lets an access key's token count past its exp, by its iat.
func TestMaxAge(t *testing.T) {
	one := rsaKey(0, kidOne)
	now := testNow.Unix()
	for _, c := range []struct {
		name   string
		claims claims
		maxAge time.Duration
		want   Reason
	}{
		{"expired, no grace", idClaims(testNow).with("iat", now-7200, "exp", now-3600), 0, Expired},
		{"expired, within grace", idClaims(testNow).with("iat", now-7200, "exp", now-3600), 7201 * time.Second, ""},
		{"expired, past grace", idClaims(testNow).with("iat", now-7200, "exp", now-3600), 7200 * time.Second, Expired},
		{"expired, no iat", idClaims(testNow).with("iat", drop, "exp", now-3600), 1000 * time.Hour, Expired},
		{"not expired, past grace", idClaims(testNow).with("iat", now-7200, "exp", now+3600), time.Second, ""},
		{"not yet valid", idClaims(testNow).with("iat", now+60), time.Hour, NotYetValid},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := offline(t, jwksOf(one))
			token := one.token(c.claims)
			for range 2 {
				_, err := v.Verify(t.Context(), token, Presented{MaxAge: c.maxAge})
				wantReason(t, err, c.want)
				v.good.cache.Wait()
			}
		})
	}
}

// What is remembered is judged anew by the clock.
func TestRememberedTokenExpires(t *testing.T) {
	one := rsaKey(0, kidOne)
	now := testNow
	v := offline(t, jwksOf(one), func(o *Options) { o.Now = func() time.Time { return now } })
	token := one.token(idClaims(testNow))
	for _, c := range []struct {
		at   time.Time
		want Reason
	}{
		{testNow, ""},
		{testNow.Add(10 * time.Minute), ""},
		{testNow.Add(-10 * time.Minute), NotYetValid}, // the clock jumped
		{testNow.Add(time.Hour + 29*time.Second), ""},
		{testNow.Add(time.Hour + 30*time.Second), Expired},
	} {
		now = c.at
		_, err := v.Verify(t.Context(), token, Presented{})
		wantReason(t, err, c.want)
		v.good.cache.Wait()
	}
	if s := v.Stats(); s.Misses != 1 || s.Hits != 4 {
		t.Errorf("%+v: want one signature check in all", s)
	}
}

// A clock that jumps ten minutes either way does not make keys unusable, nor a
// demand for one wait longer than it would.
func TestClockJumps(t *testing.T) {
	one, two := rsaKey(0, kidOne), rsaKey(1, kidTwo)
	for _, jump := range []time.Duration{10 * time.Minute, -10 * time.Minute} {
		t.Run(jump.String(), func(t *testing.T) {
			var offset atomic.Int64
			clock := func(o *Options) {
				o.Now = func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
			}
			bubble(t, func(t *testing.T, i *idp, v *Verifier) {
				time.Sleep(20 * time.Minute)
				offset.Store(int64(jump))
				now := time.Now().Add(jump)
				decide(t, v, one.token(idClaims(now)), "")
				i.publish(jwksOf(two))
				time.Sleep(5 * time.Minute)
				decide(t, v, two.token(idClaims(now)), "")
				decide(t, v, one.token(idClaims(now)), UnknownKey)
			}, clock)
		})
	}
}

// A flood of forgeries fills the pool: it is refused in time, and tokens that
// are known do not wait.
func TestOverload(t *testing.T) {
	one, forger := rsaKey(0, kidOne), rsaKey(1, kidOne)
	bubble(t, func(t *testing.T, i *idp, v *Verifier) {
		warm := one.token(idClaims(time.Now()))
		decide(t, v, warm, "")
		v.good.cache.Wait()
		v.pool.slots <- struct{}{} // a check that takes long
		start := time.Now()
		var flood sync.WaitGroup
		for n := range 3 {
			flood.Go(func() {
				decide(t, v, forger.token(idClaims(time.Now()).with("jti", n)), Overloaded)
				if took := time.Since(start); took != patience {
					t.Errorf("refused after %s, want %s", took, patience)
				}
			})
		}
		synctest.Wait()
		if got := v.Stats().InFlight; got != 4 {
			t.Errorf("%d checks run or wait, want 4", got)
		}
		decide(t, v, forger.token(idClaims(time.Now()).with("jti", "one too many")), Overloaded)
		decide(t, v, warm, "")
		if took := time.Since(start); took != 0 {
			t.Errorf("somebody waited %s who should not", took)
		}
		flood.Wait()
		<-v.pool.slots
		decide(t, v, one.token(idClaims(time.Now()).with("jti", "after")), "")
		if got := v.Stats().InFlight; got != 0 {
			t.Errorf("%d checks are left behind", got)
		}
	}, func(o *Options) { o.Checks, o.Waiters = 1, 3 })
}

// Logout tokens, which anybody may send, have a pool of their own.
func TestLogoutFloodTakesNoSlotOfTokens(t *testing.T) {
	one, forger := rsaKey(0, kidOne), rsaKey(1, kidOne)
	bubble(t, func(t *testing.T, i *idp, v *Verifier) {
		v.logouts.slots <- struct{}{}
		_, err := v.VerifyLogout(t.Context(), forger.token(logoutClaims(time.Now())))
		wantReason(t, err, Overloaded)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		start := time.Now()
		_, err = v.VerifyLogout(ctx, forger.token(logoutClaims(time.Now())))
		wantReason(t, err, Overloaded)
		decide(t, v, one.token(idClaims(time.Now())), "")
		if took := time.Since(start); took != 0 {
			t.Errorf("took %s", took)
		}
		<-v.logouts.slots
	})
}

// After a forged logout token its place rests nine times as long as the check
// took, after a good one not at all: a flood takes a tenth of a core, and those
// who wait have their turn.
func TestAForgedLogoutTokenLetsTheNextOneWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(1, logoutWaiters, logoutPatience)
		p.rest = logoutRest
		check := func(good bool) func() bool {
			return func() bool { time.Sleep(time.Millisecond); return good }
		}
		start := time.Now()
		for _, c := range []struct {
			good bool
			want int // milliseconds until it is done
		}{{true, 1}, {true, 2}, {false, 3}, {true, 13}, {false, 14}, {false, 24}, {true, 34}} {
			if !p.do(t.Context(), check(c.good)) {
				t.Fatal("no place got free")
			}
			if took := time.Since(start); took.Milliseconds() != int64(c.want) {
				t.Fatalf("done after %s, want %dms", took, c.want)
			}
		}
		// As many forgeries as may wait, and then a good one.
		var flood sync.WaitGroup
		p.do(t.Context(), check(false))
		for range logoutWaiters - 1 {
			flood.Go(func() {
				p.do(t.Context(), func() bool { time.Sleep(300 * time.Microsecond); return false })
			})
		}
		synctest.Wait()
		start = time.Now()
		if !p.do(t.Context(), check(true)) {
			t.Error("a good logout token found no place")
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("a good logout token waited %s", took)
		}
		flood.Wait()
	})
}

// Everyone who brings one token at once shares one check.
func TestOneCheckForOneToken(t *testing.T) {
	one := rsaKey(0, kidOne)
	bubble(t, func(t *testing.T, i *idp, v *Verifier) {
		token := one.token(idClaims(time.Now()))
		v.pool.slots <- struct{}{}
		var clients sync.WaitGroup
		for range 100 {
			clients.Go(func() { decide(t, v, token, "") })
		}
		synctest.Wait()
		if got := v.Stats().InFlight; got != 2 {
			t.Errorf("%d checks run or wait, want this test's and one", got)
		}
		<-v.pool.slots
		clients.Wait()
	}, func(o *Options) { o.Checks = 1 })
}

// A token whose signature was bad is remembered as such until the key set changes.
func TestForgeryIsRemembered(t *testing.T) {
	forger := rsaKey(1, kidOne)
	v := offline(t, jwksOf(rsaKey(0, kidOne)))
	token := forger.token(idClaims(testNow))
	for n := range uint64(3) {
		_, err := v.Verify(t.Context(), token, Presented{})
		wantReason(t, err, Signature)
		v.bad.cache.Wait()
		if s := v.Stats(); s.Refused != n+1 || s.Hits != n || s.Misses != 1 {
			t.Errorf("after %d: %+v", n+1, s)
		}
	}
	v.order[0].serve(t, jwksOf(forger))
	_, err := v.Verify(t.Context(), token, Presented{})
	wantReason(t, err, "")
}

// ristretto keeps 64 bits of a digest: two tokens may share them.
func TestHashCollision(t *testing.T) {
	one := rsaKey(0, kidOne)
	v := offline(t, jwksOf(one))
	token := one.token(idClaims(testNow))
	if _, err := v.Verify(t.Context(), token, Presented{}); err != nil {
		t.Fatal(err)
	}
	v.good.cache.Wait()
	digest := sha256.Sum256([]byte(token))
	if v.good.get(&digest) == nil {
		t.Fatal("the token is not remembered")
	}
	digest[31]++
	if v.good.get(&digest) != nil {
		t.Error("another token with the same 64 bits is taken for it")
	}
}

// Close may come while tokens are verified, and after it nothing is fetched.
func TestClose(t *testing.T) {
	one := rsaKey(0, kidOne)
	var failures atomic.Int64
	notify := func(o *Options) {
		o.Notify = func(n Notice) {
			if n.Kind == RefreshFailed {
				failures.Add(1)
			}
		}
	}
	bubble(t, func(t *testing.T, i *idp, v *Verifier) {
		i.suffer(fault{keys: hang, configs: hang})
		tokens := append(bogusTokens(20), one.token(idClaims(time.Now())))
		var clients sync.WaitGroup
		for _, token := range tokens {
			clients.Go(func() {
				for range 10 {
					_, _ = v.Verify(t.Context(), token, Presented{})
				}
			})
		}
		synctest.Wait()
		v.Close()
		clients.Wait()
		before := i.asked()
		decide(t, v, bogusTokens(1)[0], UnknownKey)
		decide(t, v, one.token(idClaims(time.Now()).with("jti", "after")), "")
		if v.order[0].startDemand("kid") != nil || v.order[0].refresh() == nil {
			t.Error("a fetch began after the end")
		}
		if n := failures.Load(); n != 0 || v.States()[0].Error != "" {
			t.Errorf("the end is told as %d failures of the issuer", n)
		}
		if got := i.asked(); got != before {
			t.Errorf("after the end the issuer was asked: %v, then %v", before, got)
		}
	}, notify)
}

// Notices may be answered by asking for the states.
func TestNotices(t *testing.T) {
	var v *Verifier
	var got []string
	one := rsaKey(0, kidOne)
	synctest.Test(t, func(t *testing.T) {
		i := newIDP(t, issuerURL, one)
		o := Options{Issuers: []Issuer{i.config(t)}, Dial: i.dial, Notify: func(n Notice) {
			got = append(got, fmt.Sprint(n.Kind, " ", n.Keys, " ", len(n.Skipped), " ", n.Err != nil, " ", v.States()[0].Usable))
		}}
		var err error
		if v, err = New(o); err != nil {
			t.Fatal(err)
		}
		v.Start()
		synctest.Wait()
		time.Sleep(5 * time.Minute)
		i.publish(jwks(one.jwk(), one.jwk("use", "enc")))
		time.Sleep(5 * time.Minute)
		<-i.suffer(fault{keys: status(500, "")})
		time.Sleep(100 * time.Millisecond)
		i.suffer(fault{})
		time.Sleep(time.Second)
		v.Close()
	})
	want := []string{"changed 1 0 false true", "ok 1 0 false true", "changed 1 1 false true", "error 0 0 true true", "changed 1 1 false true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kind, keys, skipped, error, usable (-want +got):\n%s", diff)
	}
}

// The map of kids that were missing is bounded.
func TestMissingKidsAreBounded(t *testing.T) {
	s := &keySource{issuer: &Issuer{RefetchCooldown: time.Second, Refresh: time.Minute}, now: time.Now, missing: make(map[string]missingKid)}
	for n := range 10 * missingKidsMax {
		s.noteMissing(fmt.Sprint(n))
		if len(s.missing) > missingKidsMax {
			t.Fatalf("%d kids are remembered", len(s.missing))
		}
	}
}
