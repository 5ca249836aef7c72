package verifier

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
	"github.com/claimgate/claimgate/internal/testsupport/occupy"
)

// A renewed certificate for the same key changes only x5c and x5t. Cached tokens stay cached.
func TestRenewedCertificate(t *testing.T) {
	bubble(t, func(t *testing.T, i *idp.Issuer, v *Verifier) {
		one := idp.RSAKey(0, idp.KidOne)
		cached := one.Token(idp.IDClaims(time.Now()))
		decide(t, v, cached, "")
		i.Publish(idp.JWKS(one.JWK("x5c", []string{"bm8gY2VydGlmaWNhdGU="}, "x5t", "AAAA")))
		time.Sleep(5 * time.Minute)
		wantFetches(t, i, 2)
		v.cache.good.cache.Wait()
		before := v.Stats()
		decide(t, v, cached, "")
		if after := v.Stats(); after.Hits != before.Hits+1 {
			t.Errorf("the token was verified again: %+v, then %+v", before, after)
		}
	})
}

func TestFloodOfForgeries(t *testing.T) {
	one, forger := idp.RSAKey(0, idp.KidOne), idp.RSAKey(1, idp.KidOne)
	bubble(t, func(t *testing.T, i *idp.Issuer, v *Verifier) {
		for window := range int64(3) {
			for n := range 50 {
				decide(t, v, forger.Token(idp.IDClaims(time.Now()).With("jti", n)), Signature)
			}
			decide(t, v, one.Token(idp.IDClaims(time.Now())), "")
			wantFetches(t, i, 2+window)
			time.Sleep(10 * time.Second)
		}
	})
}

// Callers share the check of a token, so the check goes on if one caller goes away.
func TestACheckGoesOnIfItsCallerGoesAway(t *testing.T) {
	two := idp.RSAKey(1, idp.KidTwo)
	bubble(t, func(t *testing.T, i *idp.Issuer, v *Verifier) {
		i.Publish(idp.JWKSOf(two))
		i.Fail(idp.Fault{Keys: i.Slowly(2 * time.Second)})
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		time.AfterFunc(time.Second, cancel)
		_, err := v.Verify(ctx, two.Token(idp.IDClaims(start)), Presented{})
		wantReason(t, err, "")
		wantFetches(t, i, 1)
	})
}

// The key set may be replaced while a signature waits for its check, and the cooldown may forbid
// another fetch. Then the new key set decides.
func TestKeyReplacedWhileACheckWaits(t *testing.T) {
	inPlace := idp.RSAKey(1, idp.KidOne)
	bubble(t, func(t *testing.T, i *idp.Issuer, v *Verifier) {
		i.Publish(idp.JWKSOf(inPlace))
		release := occupy.Slot(t, v.checks())
		var client sync.WaitGroup
		client.Go(func() { decide(t, v, inPlace.Token(idp.IDClaims(time.Now())), "") })
		synctest.Wait() // the check has the old key and waits for the slot
		decide(t, v, bogusTokens(1)[0], UnknownKey)
		wantFetches(t, i, 2)
		release()
		client.Wait()
		wantFetches(t, i, 2)
	}, func(o *Options) { o.Checks = 1 })
}

// The key may leave the key set while a good signature waits for its check. Then the token is
// refused.
func TestKeyRemovedWhileACheckWaits(t *testing.T) {
	one, two := idp.RSAKey(0, idp.KidOne), idp.RSAKey(1, idp.KidTwo)
	bubble(t, func(t *testing.T, i *idp.Issuer, v *Verifier) {
		i.Publish(idp.JWKSOf(two))
		release := occupy.Slot(t, v.checks())
		var client sync.WaitGroup
		client.Go(func() { decide(t, v, one.Token(idp.IDClaims(time.Now())), UnknownKey) })
		synctest.Wait()
		decide(t, v, bogusTokens(1)[0], UnknownKey)
		release()
		client.Wait()
	}, func(o *Options) { o.Checks = 1 })
}

func TestKeysGrowStaleWhileACheckWaits(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	bubble(t, func(t *testing.T, i *idp.Issuer, v *Verifier) {
		i.Fail(idp.Fault{Keys: idp.Status(500, "")})
		time.Sleep(time.Until(v.States()[0].Fetched.Add(5 * time.Minute)))
		release := occupy.Slot(t, v.checks())
		var client sync.WaitGroup
		client.Go(func() { decide(t, v, one.Token(idp.IDClaims(time.Now())), KeysUnavailable) })
		synctest.Wait()
		time.Sleep(100 * time.Millisecond)
		release()
		client.Wait()
	}, func(o *Options) { o.Checks, o.Issuers[0].MaxStale = 1, 5*time.Minute })
}
