package idp

import (
	"testing"
	"testing/synctest"
)

// Bubble runs f in a bubble of testing/synctest, with an issuer that publishes one RSA key and a verifier
// that has fetched the key. start starts the verifier. V is its type: this package cannot import package
// verifier, because the tests of package verifier import this package.
func Bubble[V any](t *testing.T, start func(*testing.T, *Issuer) V, f func(*testing.T, *Issuer, V)) {
	t.Helper()
	one := RSAKey(0, KidOne)
	synctest.Test(t, func(t *testing.T) {
		i := New(t, URL, one)
		v := start(t, i)
		synctest.Wait()
		if got := i.Asked(); got != [3]int64{2, 1, 1} {
			t.Fatalf("at the start: %v connections, discoveries and fetches", got)
		}
		f(t, i, v)
	})
}
