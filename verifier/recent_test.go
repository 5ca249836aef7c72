package verifier

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Whatever was kept before, a digest is that of the very text.
func TestARecentDigestIsThatOfTheText(t *testing.T) {
	r := newRecent()
	texts := rapid.OneOf(rapid.StringN(0, 3, -1), rapid.Map(rapid.IntRange(0, 2*recentLength), func(n int) string { return strings.Repeat("a", n) }))
	rapid.Check(t, func(t *rapid.T) {
		for _, text := range rapid.SliceOfN(texts, 1, 50).Draw(t, "tokens") {
			memory := []byte(text) // the request's, which is used again
			digest, slot := r.digest(string(memory))
			if want := sha256.Sum256([]byte(text)); digest != want {
				t.Fatalf("%.20q: %x, want %x", text, digest, want)
			}
			if slot != nil {
				r.keep(slot, string(memory), digest)
			}
		}
	})
}

func TestATokenIsKeptOnceAndALongOneNever(t *testing.T) {
	r := newRecent()
	known := func(token string) bool {
		digest, slot := r.digest(token)
		if slot != nil {
			r.keep(slot, token, digest)
		}
		return slot == nil
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
		if digest, slot := r.digest(token); slot != nil {
			r.keep(slot, token, digest)
			if slot.Load().token == token {
				kept++
				last = token
			}
		}
	}
	if most := recentSlots + 3*recentSlots; kept <= recentSlots || kept > most {
		t.Errorf("%d tokens took a slot, want more than %d and at most %d", kept, recentSlots, most)
	}
	if _, slot := r.digest(last); slot != nil {
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
	if _, slot := v.recent.digest(forged); slot == nil {
		t.Error("a forged token is kept")
	}
	for range 2 {
		if _, err := v.Verify(t.Context(), good, Presented{}); err != nil {
			t.Fatal(err)
		}
		v.good.cache.Wait()
	}
	if _, slot := v.recent.digest(good); slot != nil {
		t.Error("a verified token is not kept")
	}
}
