package jwks_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
	"github.com/claimgate/claimgate/internal/testsupport/verified"
	"github.com/claimgate/claimgate/verifier"
)

func TestRotation(t *testing.T) {
	one, two, ec := idp.RSAKey(0, idp.KidOne), idp.RSAKey(1, idp.KidTwo), idp.ECKey("ES256", idp.KidTwo)
	inPlace, otherType := idp.RSAKey(1, idp.KidOne), idp.ECKey("ES256", idp.KidOne)
	for _, c := range []struct {
		name    string
		publish []byte
		new     *idp.Key
		cached  verifier.Reason // for a token of the old key that was verified before
	}{
		{"a new kid, no overlap", idp.JWKSOf(two), two, verifier.UnknownKey},
		{"a new kid, both published", idp.JWKSOf(one, two), two, ""},
		{"a new kid of another type", idp.JWKSOf(ec), ec, verifier.UnknownKey},
		{"the same kid, replaced in place", idp.JWKSOf(inPlace), inPlace, verifier.Signature},
		{"the same kid, replaced by another type", idp.JWKSOf(otherType), otherType, verifier.Algorithm},
		{"another type under the same kid, both published", idp.JWKSOf(one, otherType), otherType, ""},
		{"the kid signs and encrypts", idp.JWKS(one.JWK(), two.JWK(), one.JWK("use", "enc", "alg", "RSA-OAEP-256")), two, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			verified.Bubble(t, func(t *testing.T, i *idp.Issuer, v *verifier.Verifier) {
				cached := one.Token(idp.IDClaims(time.Now()))
				verified.Decide(t, v, cached, "")
				i.Publish(c.publish)
				verified.Decide(t, v, cached, "") // the verifier does not know of the change yet
				wantFetches(t, i, 1)
				verified.Decide(t, v, c.new.Token(idp.IDClaims(time.Now())), "")
				wantFetches(t, i, 2)
				verified.Decide(t, v, cached, c.cached)
				verified.Decide(t, v, one.Token(idp.IDClaims(time.Now()).With("jti", "cold")), c.cached)
				wantFetches(t, i, 2)
			})
		})
	}
}

func TestRemovedKeyIsHonouredByTheNextRefresh(t *testing.T) {
	one, two := idp.RSAKey(0, idp.KidOne), idp.RSAKey(1, idp.KidTwo)
	verified.Bubble(t, func(t *testing.T, i *idp.Issuer, v *verifier.Verifier) {
		cached := one.Token(idp.IDClaims(time.Now()))
		verified.Decide(t, v, cached, "")
		i.Publish(idp.JWKSOf(two))
		time.Sleep(5 * time.Minute)
		wantFetches(t, i, 2)
		verified.Decide(t, v, cached, verifier.UnknownKey)
		wantFetches(t, i, 3) // the token causes one fetch: the key might be back
	})
}

func TestFloodOfKids(t *testing.T) {
	one, two := idp.RSAKey(0, idp.KidOne), idp.RSAKey(1, idp.KidTwo)
	verified.Bubble(t, func(t *testing.T, i *idp.Issuer, v *verifier.Verifier) {
		bogus := bogusTokens(10_000)
		warm := one.Token(idp.IDClaims(time.Now()))
		for window := range int64(4) {
			start := time.Now()
			for _, token := range bogus {
				verified.Decide(t, v, token, verifier.UnknownKey)
			}
			verified.Decide(t, v, warm, "")
			verified.Decide(t, v, one.Token(idp.IDClaims(time.Now()).With("jti", window)), "")
			wantFetches(t, i, 2+window)
			if waited := time.Since(start); waited != 0 {
				t.Errorf("a window took %s: a request waited although the issuer answers at once", waited)
			}
			time.Sleep(10 * time.Second)
		}
		// A new key is found by the next fetch that is allowed, also if a bogus token causes the fetch.
		i.Publish(idp.JWKSOf(two))
		for _, token := range bogus[:100] {
			verified.Decide(t, v, token, verifier.UnknownKey)
		}
		verified.Decide(t, v, two.Token(idp.IDClaims(time.Now())), "")
		wantFetches(t, i, 6)
	})
}

// A client that keeps presenting a token of a replaced key causes fetches ever more rarely,
// and does not delay another kid.
func TestStrayKid(t *testing.T) {
	stray, other := idp.RSAKey(1, idp.KidTwo), idp.RSAKey(2, "other")
	verified.Bubble(t, func(t *testing.T, i *idp.Issuer, v *verifier.Verifier) {
		token := stray.Token(idp.IDClaims(time.Now()).With("exp", time.Now().Unix()+7200))
		var asked []time.Duration
		start, before := time.Now(), i.Fetches.Load()
		for time.Since(start) < 4*time.Minute {
			verified.Decide(t, v, token, verifier.UnknownKey)
			if n := i.Fetches.Load(); n != before {
				asked, before = append(asked, time.Since(start)), n
			}
			time.Sleep(time.Second)
		}
		if got := fmt.Sprint(asked); got != "[0s 10s 30s 1m10s 2m30s]" {
			t.Errorf("the stray kid asked at %s", got)
		}
		verified.Decide(t, v, other.Token(idp.IDClaims(time.Now())), verifier.UnknownKey)
		wantFetches(t, i, before+1)

		// A refresh clears the wait of the kid.
		time.Sleep(time.Minute)
		before = i.Fetches.Load()
		verified.Decide(t, v, token, verifier.UnknownKey)
		wantFetches(t, i, before+1)
		time.Sleep(10 * time.Second)
		i.Publish(idp.JWKSOf(stray))
		verified.Decide(t, v, token, "")
	})
}

// While the issuer is slow, tokens of a new key wait for one common fetch, up to three
// seconds. Tokens of known keys do not wait.
func TestSlowIssuer(t *testing.T) {
	one, two := idp.RSAKey(0, idp.KidOne), idp.RSAKey(1, idp.KidTwo)
	for _, c := range []struct {
		name string
		slow time.Duration
		want verifier.Reason
		took time.Duration
	}{
		{"two seconds", 2 * time.Second, "", 2 * time.Second},
		{"five seconds", 5 * time.Second, verifier.UnknownKey, 3 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			verified.Bubble(t, func(t *testing.T, i *idp.Issuer, v *verifier.Verifier) {
				i.Publish(idp.JWKSOf(one, two))
				i.Fail(idp.Fault{Keys: i.Slowly(c.slow)})
				var clients sync.WaitGroup
				start := time.Now()
				for n := range 100 {
					clients.Go(func() {
						verified.Decide(t, v, two.Token(idp.IDClaims(time.Now()).With("jti", n)), c.want)
						if took := time.Since(start); took != c.took {
							t.Errorf("a new key took %s, want %s", took, c.took)
						}
					})
				}
				synctest.Wait()
				verified.Decide(t, v, one.Token(idp.IDClaims(time.Now())), "")
				if took := time.Since(start); took != 0 {
					t.Errorf("a known key waited %s", took)
				}
				clients.Wait()
				wantFetches(t, i, 1)
				time.Sleep(3 * time.Second)
				verified.Decide(t, v, two.Token(idp.IDClaims(time.Now())), "")
				wantFetches(t, i, 1)
			})
		})
	}
}

func TestOneIssuersBadDayIsNotAnothers(t *testing.T) {
	one, two := idp.RSAKey(0, idp.KidOne), idp.RSAKey(1, idp.KidTwo)
	const secondURL = "https://other.example/application/o/second/"
	synctest.Test(t, func(t *testing.T) {
		first, second := idp.New(t, idp.URL, one), idp.New(t, secondURL, two)
		first.Fail(idp.Fault{Keys: idp.Hang, Discovery: idp.Hang})
		v := verified.Start(t, first, func(o *verifier.Options) {
			c := verified.Issuer()
			c.Name, c.URL, c.CAFile = "second", second.URL, second.CAFile(t)
			o.Issuers = append(o.Issuers, c)
			o.Dial = either(first, second)
		})
		synctest.Wait()
		start := time.Now()
		if !v.Ready() {
			t.Error("one issuer with keys makes it ready")
		}
		var waiting sync.WaitGroup
		waiting.Go(func() { verified.Decide(t, v, one.Token(idp.IDClaims(start)), verifier.KeysUnavailable) })
		synctest.Wait()
		verified.Decide(t, v, two.Token(idp.IDClaims(start).With("iss", secondURL)), "")
		if took := time.Since(start); took != 0 {
			t.Errorf("the second issuer's token waited %s for the first issuer", took)
		}
		waiting.Wait()

		// A key of one issuer does not verify tokens of the other.
		verified.Decide(t, v, one.Token(idp.IDClaims(start).With("iss", secondURL)), verifier.UnknownKey)
		for _, st := range v.States() {
			if st.Usable != (st.Issuer == "second") {
				t.Errorf("%+v", st)
			}
		}
	})
}

func either(a, b *idp.Issuer) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == "other.example:443" {
			return b.Dial(ctx, network, address)
		}
		return a.Dial(ctx, network, address)
	}
}

func TestStartWithTheIssuerDown(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	for _, c := range []struct {
		name string
		idp.Fault
	}{
		{"refused", idp.Fault{Dial: idp.Fails(net.ErrClosed)}},
		{"packets dropped", idp.Fault{Dial: idp.Drops}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i := idp.New(t, idp.URL, one)
				i.Fail(c.Fault)
				v := verified.Start(t, i)
				time.Sleep(time.Hour)
				verified.Decide(t, v, one.Token(idp.IDClaims(time.Now())), verifier.KeysUnavailable)
				if st := v.States()[0]; v.Ready() || st.Usable || st.Error == "" {
					t.Errorf("ready %v, state %+v", v.Ready(), st)
				}
				time.Sleep(time.Minute)
				i.Fail(idp.Fault{})
				time.Sleep(5 * time.Second)
				if !v.Ready() { // no token was needed
					t.Error("not ready five seconds after the issuer is back")
				}
				verified.Decide(t, v, one.Token(idp.IDClaims(time.Now())), "")
				wantFetches(t, i, 1)
			})
		})
	}
}

func TestWhereTheKeySetIs(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	moved := func(i *idp.Issuer, to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RawQuery == "" {
				http.Redirect(w, r, to, http.StatusFound)
				return
			}
			i.Slowly(0)(w, r)
		}
	}
	for _, c := range []struct {
		name   string
		adjust func(*verifier.Options)
		fault  func(*idp.Issuer) idp.Fault
		asked  [3]int64
	}{
		{"by discovery", func(*verifier.Options) {}, func(*idp.Issuer) idp.Fault { return idp.Fault{} }, [3]int64{2, 1, 1}},
		{
			"as configured", func(o *verifier.Options) { o.Issuers[0].JWKSURL = idp.URL + "jwks/" },
			func(*idp.Issuer) idp.Fault { return idp.Fault{Discovery: idp.Status(500, "")} },
			[3]int64{1, 0, 1},
		},
		{
			"by a redirect within the issuer's origin", func(*verifier.Options) {},
			func(i *idp.Issuer) idp.Fault { return idp.Fault{Keys: moved(i, "/application/o/minio/jwks/?v=2")} },
			[3]int64{3, 1, 2},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i := idp.New(t, idp.URL, one)
				i.Fail(c.fault(i))
				v := verified.Start(t, i, c.adjust)
				synctest.Wait()
				verified.Decide(t, v, one.Token(idp.IDClaims(time.Now())), "")
				if got := i.Asked(); got != c.asked {
					t.Errorf("asked %v times, want %v", got, c.asked)
				}
			})
		})
	}
}
