package verifier

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
)

// The defaults of the caches are those of docs/configuration.md.
func TestTheDefaultsOfOptions(t *testing.T) {
	var o Options
	o.setDefaults()
	if o.TokenTTL != 5*time.Minute || o.TokenBytes != 64<<20 || o.MaxToken != 16<<10 {
		t.Errorf("token_ttl %s, token_bytes %d, max_token %d", o.TokenTTL, o.TokenBytes, o.MaxToken)
	}
	given := Options{TokenTTL: time.Second, TokenBytes: 1 << 20, MaxToken: 1 << 10}
	given.setDefaults()
	if given.TokenTTL != time.Second || given.TokenBytes != 1<<20 || given.MaxToken != 1<<10 {
		t.Errorf("what is given is replaced: %+v", given)
	}
}

// After a failed check, half of Checks run at once, and at least one.
func TestHalfOfTheChecksAfterAFailure(t *testing.T) {
	for checks, want := range map[int]time.Duration{4: 20 * time.Millisecond, 1: 40 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			v := offline(t, idp.JWKSOf(idp.RSAKey(0, idp.KidOne)), func(o *Options) { o.Checks = checks })
			_ = v.credentials.named("mallory").check(t.Context(), took(false))
			began := time.Now()
			var clients sync.WaitGroup
			for range 40 {
				clients.Go(func() {
					if err := v.credentials.named("alice").check(t.Context(), took(true)); err != nil {
						t.Error(err)
					}
				})
			}
			clients.Wait()
			if now := time.Since(began); now != want {
				t.Errorf("with %d checks, 40 checks after a failure took %s, want %s", checks, now, want)
			}
			v.Close()
		})
	}
}
