package verifier

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// bubble runs f where time passes as f sleeps, with an issuer that publishes
// one RSA key and a verifier that has fetched it.
func bubble(t *testing.T, f func(t *testing.T, i *idp, v *Verifier), adjust ...func(*Options)) {
	t.Helper()
	one := rsaKey(0, kidOne)
	synctest.Test(t, func(t *testing.T) {
		i := newIDP(t, issuerURL, one)
		v := i.verifier(t, adjust...)
		synctest.Wait()
		if got := i.asked(); got != [3]int64{2, 1, 1} {
			t.Fatalf("at the start the issuer was dialed, asked for configuration and keys %v times", got)
		}
		f(t, i, v)
	})
}

// decide verifies a token and checks the reason, and that no time passed unless
// the issuer was asked.
func decide(t *testing.T, v *Verifier, token string, want Reason) {
	t.Helper()
	_, err := v.Verify(t.Context(), token, Presented{})
	wantReason(t, err, want)
}

func wantFetches(t *testing.T, i *idp, want int64) {
	t.Helper()
	if got := i.fetches.Load(); got != want {
		t.Errorf("%d fetches of the key set so far, want %d", got, want)
	}
}

func TestRotation(t *testing.T) {
	one, two, ec := rsaKey(0, kidOne), rsaKey(1, kidTwo), ecKey("ES256", kidTwo)
	inPlace, otherType := rsaKey(1, kidOne), ecKey("ES256", kidOne)
	for _, c := range []struct {
		name    string
		publish []byte
		new     *testKey
		cached  Reason // of a token of the old key, verified before
	}{
		{"a new kid, no overlap", jwksOf(two), two, UnknownKey},
		{"a new kid, both published", jwksOf(one, two), two, ""},
		{"a new kid of another type", jwksOf(ec), ec, UnknownKey},
		{"the same kid, replaced in place", jwksOf(inPlace), inPlace, Signature},
		{"the same kid, replaced by another type", jwksOf(otherType), otherType, Algorithm},
		{"another type under the same kid, both published", jwksOf(one, otherType), otherType, ""},
		{"the kid signs and encrypts", jwks(one.jwk(), two.jwk(), one.jwk("use", "enc", "alg", "RSA-OAEP-256")), two, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, i *idp, v *Verifier) {
				cached := one.token(idClaims(time.Now()))
				decide(t, v, cached, "")
				i.publish(c.publish)
				decide(t, v, cached, "") // nobody can know yet
				wantFetches(t, i, 1)
				decide(t, v, c.new.token(idClaims(time.Now())), "")
				wantFetches(t, i, 2)
				decide(t, v, cached, c.cached)
				decide(t, v, one.token(idClaims(time.Now()).with("jti", "cold")), c.cached)
				wantFetches(t, i, 2)
			})
		})
	}
}

// A renewed certificate on the same key changes x5c only.
func TestRenewedCertificate(t *testing.T) {
	bubble(t, func(t *testing.T, i *idp, v *Verifier) {
		one := rsaKey(0, kidOne)
		cached := one.token(idClaims(time.Now()))
		decide(t, v, cached, "")
		i.publish(jwks(one.jwk("x5c", []string{"bm8gY2VydGlmaWNhdGU="}, "x5t", "AAAA")))
		time.Sleep(5 * time.Minute)
		wantFetches(t, i, 2)
		v.good.cache.Wait()
		before := v.Stats()
		decide(t, v, cached, "")
		if after := v.Stats(); after.Hits != before.Hits+1 {
			t.Errorf("the token was verified again: %+v, then %+v", before, after)
		}
	})
}

func TestRemovedKeyIsHonouredByTheNextRefresh(t *testing.T) {
	one, two := rsaKey(0, kidOne), rsaKey(1, kidTwo)
	bubble(t, func(t *testing.T, i *idp, v *Verifier) {
		cached := one.token(idClaims(time.Now()))
		decide(t, v, cached, "")
		i.publish(jwksOf(two))
		time.Sleep(5 * time.Minute)
		wantFetches(t, i, 2)
		decide(t, v, cached, UnknownKey)
		wantFetches(t, i, 3) // it asks once itself: the key might be back
	})
}

func TestFloodOfKids(t *testing.T) {
	one, two := rsaKey(0, kidOne), rsaKey(1, kidTwo)
	bubble(t, func(t *testing.T, i *idp, v *Verifier) {
		bogus := bogusTokens(10_000)
		warm := one.token(idClaims(time.Now()))
		for window := range int64(4) {
			start := time.Now()
			for _, token := range bogus {
				decide(t, v, token, UnknownKey)
			}
			decide(t, v, warm, "")
			decide(t, v, one.token(idClaims(time.Now()).with("jti", window)), "")
			wantFetches(t, i, 2+window)
			if waited := time.Since(start); waited != 0 {
				t.Errorf("a window took %s: somebody waited although the issuer answers at once", waited)
			}
			time.Sleep(10 * time.Second)
		}
		// A new key gets through as soon as a fetch is allowed, whoever it is spent on.
		i.publish(jwksOf(two))
		for _, token := range bogus[:100] {
			decide(t, v, token, UnknownKey)
		}
		decide(t, v, two.token(idClaims(time.Now())), "")
		wantFetches(t, i, 6)
	})
}

// bogusTokens look right but for a kid that nobody has.
func bogusTokens(n int) []string {
	tokens := make([]string, n)
	payload := toJSON(idClaims(time.Now()))
	for i := range tokens {
		header := fmt.Appendf(nil, `{"alg":"RS256","typ":"JWT","kid":"%032x"}`, i)
		tokens[i] = b64(header) + "." + b64(payload) + "." + b64(make([]byte, 256))
	}
	return tokens
}

func TestFloodOfForgeries(t *testing.T) {
	one, forger := rsaKey(0, kidOne), rsaKey(1, kidOne)
	bubble(t, func(t *testing.T, i *idp, v *Verifier) {
		for window := range int64(3) {
			for n := range 50 {
				decide(t, v, forger.token(idClaims(time.Now()).with("jti", n)), Signature)
			}
			decide(t, v, one.token(idClaims(time.Now())), "")
			wantFetches(t, i, 2+window)
			time.Sleep(10 * time.Second)
		}
	})
}

// One client that goes on with a token of a replaced key asks ever more rarely,
// and does not hold up another kid.
func TestStrayKid(t *testing.T) {
	stray, other := rsaKey(1, kidTwo), rsaKey(2, "other")
	bubble(t, func(t *testing.T, i *idp, v *Verifier) {
		token := stray.token(idClaims(time.Now()).with("exp", time.Now().Unix()+7200))
		var asked []time.Duration
		start, before := time.Now(), i.fetches.Load()
		for time.Since(start) < 4*time.Minute {
			decide(t, v, token, UnknownKey)
			if n := i.fetches.Load(); n != before {
				asked, before = append(asked, time.Since(start)), n
			}
			time.Sleep(time.Second)
		}
		if got := fmt.Sprint(asked); got != "[0s 10s 30s 1m10s 2m30s]" {
			t.Errorf("the stray kid asked at %s", got)
		}
		decide(t, v, other.token(idClaims(time.Now())), UnknownKey)
		wantFetches(t, i, before+1)

		// A refresh ends what was held against it.
		time.Sleep(time.Minute)
		before = i.fetches.Load()
		decide(t, v, token, UnknownKey)
		wantFetches(t, i, before+1)
		time.Sleep(10 * time.Second)
		i.publish(jwksOf(stray))
		decide(t, v, token, "")
	})
}

// A token that asks while the issuer is slow waits for the one fetch, up to
// three seconds; known keys wait for nothing.
func TestSlowIssuer(t *testing.T) {
	one, two := rsaKey(0, kidOne), rsaKey(1, kidTwo)
	for _, c := range []struct {
		name string
		slow time.Duration
		want Reason
		took time.Duration
	}{
		{"two seconds", 2 * time.Second, "", 2 * time.Second},
		{"five seconds", 5 * time.Second, UnknownKey, 3 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, i *idp, v *Verifier) {
				i.publish(jwksOf(one, two))
				i.suffer(fault{keys: slowly(i, c.slow)})
				var clients sync.WaitGroup
				start := time.Now()
				for n := range 100 {
					clients.Go(func() {
						decide(t, v, two.token(idClaims(time.Now()).with("jti", n)), c.want)
						if took := time.Since(start); took != c.took {
							t.Errorf("a new key took %s, want %s", took, c.took)
						}
					})
				}
				synctest.Wait()
				decide(t, v, one.token(idClaims(time.Now())), "")
				if took := time.Since(start); took != 0 {
					t.Errorf("a known key waited %s", took)
				}
				clients.Wait()
				wantFetches(t, i, 1)
				time.Sleep(3 * time.Second)
				decide(t, v, two.token(idClaims(time.Now())), "")
				wantFetches(t, i, 1)
			})
		})
	}
}

// slowly answers with the key set after a while.
func slowly(i *idp, d time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(d)
		i.mu.Lock()
		defer i.mu.Unlock()
		_, _ = w.Write(i.keys)
	}
}

func TestWaitersAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T, i *idp, v *Verifier) {
		i.suffer(fault{keys: slowly(i, 2*time.Second)})
		var clients sync.WaitGroup
		for _, token := range bogusTokens(demandWaiters) {
			clients.Go(func() { decide(t, v, token, UnknownKey) })
		}
		synctest.Wait()
		start := time.Now()
		decide(t, v, rsaKey(1, kidTwo).token(idClaims(time.Now())), UnknownKey)
		if took := time.Since(start); took != 0 {
			t.Errorf("one waiter too many waited %s", took)
		}
		clients.Wait()
		wantFetches(t, i, 1)
		if n := v.order[0].waiting.Load(); n != 0 {
			t.Errorf("%d still wait", n)
		}
	})
}

// A caller that goes away ends its own wait only. Bearer tokens are shared
// between callers, so theirs goes on; a logout token has one caller.
func TestCallerGoesAway(t *testing.T) {
	two := rsaKey(1, kidTwo)
	bubble(t, func(t *testing.T, i *idp, v *Verifier) {
		i.publish(jwksOf(two))
		i.suffer(fault{keys: slowly(i, 2*time.Second)})
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		time.AfterFunc(time.Second, cancel)
		_, err := v.VerifyLogout(ctx, two.token(logoutClaims(start)))
		wantReason(t, err, UnknownKey)
		if took := time.Since(start); took != time.Second {
			t.Errorf("it waited %s for a caller that left after a second", took)
		}
		_, err = v.Verify(ctx, two.token(idClaims(start)), Presented{})
		wantReason(t, err, "")
		wantFetches(t, i, 1)
	})
}

// A signature may wait for its check while the key set is replaced, and the
// cooldown be spent by then: the new set decides.
func TestKeyReplacedWhileACheckWaits(t *testing.T) {
	inPlace := rsaKey(1, kidOne)
	bubble(t, func(t *testing.T, i *idp, v *Verifier) {
		i.publish(jwksOf(inPlace))
		v.pool.slots <- struct{}{}
		var client sync.WaitGroup
		client.Go(func() { decide(t, v, inPlace.token(idClaims(time.Now())), "") })
		synctest.Wait() // it has the old key and waits for the slot
		decide(t, v, bogusTokens(1)[0], UnknownKey)
		wantFetches(t, i, 2)
		<-v.pool.slots
		client.Wait()
		wantFetches(t, i, 2)
	}, func(o *Options) { o.Checks = 1 })
}

// The key may leave the set, or the set grow stale, while a signature that fits
// it is checked.
func TestKeyRemovedWhileACheckWaits(t *testing.T) {
	one, two := rsaKey(0, kidOne), rsaKey(1, kidTwo)
	bubble(t, func(t *testing.T, i *idp, v *Verifier) {
		i.publish(jwksOf(two))
		v.pool.slots <- struct{}{}
		var client sync.WaitGroup
		client.Go(func() { decide(t, v, one.token(idClaims(time.Now())), UnknownKey) })
		synctest.Wait()
		decide(t, v, bogusTokens(1)[0], UnknownKey)
		<-v.pool.slots
		client.Wait()
	}, func(o *Options) { o.Checks = 1 })
}

func TestKeysGrowStaleWhileACheckWaits(t *testing.T) {
	one := rsaKey(0, kidOne)
	bubble(t, func(t *testing.T, i *idp, v *Verifier) {
		i.suffer(fault{keys: status(500, "")})
		time.Sleep(time.Until(v.States()[0].Fetched.Add(5 * time.Minute)))
		v.pool.slots <- struct{}{}
		var client sync.WaitGroup
		client.Go(func() { decide(t, v, one.token(idClaims(time.Now())), KeysUnavailable) })
		synctest.Wait()
		time.Sleep(100 * time.Millisecond)
		<-v.pool.slots
		client.Wait()
	}, func(o *Options) { o.Checks, o.Issuers[0].MaxStale = 1, 5*time.Minute })
}

func TestOneIssuersBadDayIsNotAnothers(t *testing.T) {
	one, two := rsaKey(0, kidOne), rsaKey(1, kidTwo)
	const secondURL = "https://other.example/application/o/second/"
	synctest.Test(t, func(t *testing.T) {
		first, second := newIDP(t, issuerURL, one), newIDP(t, secondURL, two)
		first.suffer(fault{keys: hang, configs: hang})
		v := first.verifier(t, func(o *Options) {
			c := second.config(t)
			c.Name = "second"
			o.Issuers = append(o.Issuers, c)
			o.Dial = either(first, second)
		})
		synctest.Wait()
		start := time.Now()
		if !v.Ready() {
			t.Error("one issuer with keys makes it ready")
		}
		var waiting sync.WaitGroup
		waiting.Go(func() { decide(t, v, one.token(idClaims(start)), KeysUnavailable) })
		synctest.Wait()
		decide(t, v, two.token(idClaims(start).with("iss", secondURL)), "")
		if took := time.Since(start); took != 0 {
			t.Errorf("the second issuer's token waited %s for the first issuer", took)
		}
		waiting.Wait()

		// The keys of one issuer are no keys of the other.
		decide(t, v, one.token(idClaims(start).with("iss", secondURL)), UnknownKey)
		for _, st := range v.States() {
			if st.Usable != (st.Issuer == "second") {
				t.Errorf("%+v", st)
			}
		}
	})
}

func either(a, b *idp) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == "other.example:443" {
			return b.dial(ctx, network, address)
		}
		return a.dial(ctx, network, address)
	}
}

func TestStartWithTheIssuerDown(t *testing.T) {
	one := rsaKey(0, kidOne)
	for _, c := range []struct {
		name string
		fault
	}{
		{"refused", fault{dial: fails(net.ErrClosed)}},
		{"packets dropped", fault{dial: drops}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i := newIDP(t, issuerURL, one)
				i.suffer(c.fault)
				v := i.verifier(t)
				time.Sleep(time.Hour)
				decide(t, v, one.token(idClaims(time.Now())), KeysUnavailable)
				if st := v.States()[0]; v.Ready() || st.Usable || st.Error == "" {
					t.Errorf("ready %v, state %+v", v.Ready(), st)
				}
				time.Sleep(time.Minute)
				i.suffer(fault{})
				time.Sleep(5 * time.Second)
				if !v.Ready() { // by itself, without any token
					t.Error("not ready five seconds after the issuer is back")
				}
				decide(t, v, one.token(idClaims(time.Now())), "")
				wantFetches(t, i, 1)
			})
		})
	}
}

func TestWhereTheKeySetIs(t *testing.T) {
	one := rsaKey(0, kidOne)
	moved := func(i *idp, to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RawQuery == "" {
				http.Redirect(w, r, to, http.StatusFound)
				return
			}
			slowly(i, 0)(w, r)
		}
	}
	for _, c := range []struct {
		name   string
		adjust func(*Options)
		fault  func(*idp) fault
		asked  [3]int64
	}{
		{"by discovery", func(*Options) {}, func(*idp) fault { return fault{} }, [3]int64{2, 1, 1}},
		{
			"as configured", func(o *Options) { o.Issuers[0].JWKSURL = issuerURL + "jwks/" },
			func(*idp) fault { return fault{configs: status(500, "")} },
			[3]int64{1, 0, 1},
		},
		{
			"by a redirect within the issuer's origin", func(*Options) {},
			func(i *idp) fault { return fault{keys: moved(i, "/application/o/minio/jwks/?v=2")} },
			[3]int64{3, 1, 2},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i := newIDP(t, issuerURL, one)
				i.suffer(c.fault(i))
				v := i.verifier(t, c.adjust)
				synctest.Wait()
				decide(t, v, one.token(idClaims(time.Now())), "")
				if got := i.asked(); got != c.asked {
					t.Errorf("asked %v times, want %v", got, c.asked)
				}
			})
		})
	}
}
