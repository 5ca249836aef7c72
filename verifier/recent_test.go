package verifier

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// found is what verification leaves of a token, as far as it matters here.
func found(token string) *verified {
	f := new(verified)
	f.identity.Digest = sha256.Sum256([]byte(token))
	return f
}

// Whatever was kept before, a digest is that of the very text.
func TestARecentDigestIsThatOfTheText(t *testing.T) {
	r := newRecent()
	texts := rapid.OneOf(rapid.StringN(0, 3, -1), rapid.Map(rapid.IntRange(0, 2*recentLength), func(n int) string { return strings.Repeat("a", n) }))
	rapid.Check(t, func(t *rapid.T) {
		for _, text := range rapid.SliceOfN(texts, 1, 50).Draw(t, "tokens") {
			memory := []byte(text) // the request's, which is used again
			d, slot := r.find(string(memory))
			if d == nil {
				r.keep(slot, string(memory), found(text))
				continue
			}
			if want := sha256.Sum256([]byte(text)); d.digest != want || d.found.Load().identity.Digest != want {
				t.Fatalf("%.20q: %x, want %x", text, d.digest, want)
			}
		}
	})
}

func TestATokenIsKeptOnceAndALongOneNever(t *testing.T) {
	r := newRecent()
	known := func(token string) bool {
		d, slot := r.find(token)
		if d == nil {
			r.keep(slot, token, found(token))
		}
		return d != nil
	}
	short, long := strings.Repeat("s", recentLength), strings.Repeat("l", recentLength+1)
	if known(short) || !known(short) {
		t.Error("a token of the longest that is kept is not known the second time")
	}
	for range 2 {
		if known(long) {
			t.Error("a longer one is kept")
		}
	}
	r.clear()
	if known(short) {
		t.Error("a token is known after everything was forgotten")
	}
}

// Tokens that share a slot take it from each other seldom, but they do.
func TestASlotChangesHandsInTurns(t *testing.T) {
	r := newRecent()
	kept := 0
	var last string
	for n := range 3 * recentSlots * recentTurn {
		token := fmt.Sprint(n)
		if _, slot := r.find(token); slot != nil {
			r.keep(slot, token, found(token))
			if slot.Load().token == token {
				kept++
				last = token
			}
		}
	}
	if most := recentSlots + 3*recentSlots; kept <= recentSlots || kept > most {
		t.Errorf("%d tokens took a slot, want more than %d and at most %d", kept, recentSlots, most)
	}
	if _, slot := r.find(last); slot != nil {
		t.Error("the last that took a slot does not have it")
	}
}

// A token that is refused is not kept, however often it comes.
func TestARefusedTokenIsNotKept(t *testing.T) {
	one := rsaKey(0, kidOne)
	v := offline(t, jwksOf(one))
	good := one.token(idClaims(testNow))
	forged := good[:len(good)-10] + "AAAAAAAAAA"
	for range 3 {
		if _, err := v.Verify(t.Context(), forged, Presented{}); err == nil {
			t.Fatal("a forged token is accepted")
		}
		v.bad.cache.Wait()
	}
	if _, slot := v.recent.find(forged); slot == nil {
		t.Error("a forged token is kept")
	}
	for range 2 {
		if _, err := v.Verify(t.Context(), good, Presented{}); err != nil {
			t.Fatal(err)
		}
		v.good.cache.Wait()
	}
	if _, slot := v.recent.find(good); slot != nil {
		t.Error("a verified token is not kept")
	}
}

// A token that comes again and again is found only as long as it is remembered:
// its key must be in the set of now, and its time not over.
func TestATokenInUseIsForgottenInTime(t *testing.T) {
	one, two := rsaKey(0, kidOne), rsaKey(1, "another kid")
	v := offline(t, jwksOf(one))
	now := testNow
	v.now = func() time.Time { return now }
	v.tokenTTL = time.Minute
	token := one.token(idClaims(testNow))
	verify := func() error {
		_, err := v.Verify(t.Context(), token, Presented{})
		v.good.cache.Wait()
		return err
	}
	for range 3 {
		if err := verify(); err != nil {
			t.Fatal(err)
		}
	}
	d, _ := v.recent.find(token)
	if d == nil || d.still(now) == nil {
		t.Fatal("a token in use is not found")
	}
	for at, want := range map[time.Duration]bool{0: true, time.Minute - 1: true, time.Minute: false, time.Hour: false} {
		if got := d.still(testNow.Add(at)) != nil; got != want {
			t.Errorf("%s later it is found: %v", at, got)
		}
	}
	v.order[0].serve(t, jwksOf(two))
	if d.still(now) != nil {
		t.Error("it is found after its key has left the set")
	}
	if err := verify(); err == nil {
		t.Error("it is accepted after its key has left the set")
	}
}
