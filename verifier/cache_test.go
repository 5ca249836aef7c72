package verifier

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
	"pgregory.net/rapid"
)

// frontFind returns the entry of the token in the front layer. If there is none, it returns the token's
// slot.
func (c *tokenCache) frontFind(token string) (*frontEntry, *atomic.Pointer[frontEntry]) {
	slot := c.slot(token)
	if e := slot.Load(); e != nil && e.token == token {
		return e, nil
	}
	return nil, slot
}

func frontCache(t *testing.T) *tokenCache {
	t.Helper()
	c, err := newTokenCache(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return c
}

// found returns a cache entry for a token.
func found(token string) *verified {
	f := new(verified)
	f.identity.Digest = sha256.Sum256([]byte(token))
	return f
}

// The digest of an entry is always the digest of the whole token.
func TestAFrontEntryHasTheDigestOfItsToken(t *testing.T) {
	r := frontCache(t)
	texts := rapid.OneOf(rapid.StringN(0, 3, -1), rapid.Map(rapid.IntRange(0, 2*frontMaxLength), func(n int) string { return strings.Repeat("a", n) }))
	rapid.Check(t, func(t *rapid.T) {
		for _, text := range rapid.SliceOfN(texts, 1, 50).Draw(t, "tokens") {
			memory := []byte(text) // of the request
			d, slot := r.frontFind(string(memory))
			if d == nil {
				r.keepInFront(slot, string(memory), found(text))
				continue
			}
			if want := sha256.Sum256([]byte(text)); d.digest != want || d.found.Load().identity.Digest != want {
				t.Fatalf("%.20q: %x, want %x", text, d.digest, want)
			}
		}
	})
}

// Two tokens may share a slot of the front layer. Neither gets the entry or the digest of the other.
func TestTokensThatShareASlot(t *testing.T) {
	c := frontCache(t)
	end := strings.Repeat("-the same end of both", 4)
	one, other := "the token of the slot"+end, "another token"+end
	if c.slot(one) != c.slot(other) {
		t.Fatal("the tokens have different slots")
	}
	c.keepInFront(c.slot(one), one, found(one))
	if digest, got := c.find(other, time.Now()); got != nil || digest != sha256.Sum256([]byte(other)) {
		t.Errorf("the other token has the entry %v and the digest %x", got, digest)
	}
}

func TestALongTokenIsNeverInFront(t *testing.T) {
	r := frontCache(t)
	known := func(token string) bool {
		d, slot := r.frontFind(token)
		if d == nil {
			r.keepInFront(slot, token, found(token))
		}
		return d != nil
	}
	short, long := strings.Repeat("s", frontMaxLength), strings.Repeat("l", frontMaxLength+1)
	if known(short) || !known(short) {
		t.Error("a token of the greatest length is not found the second time")
	}
	for range 2 {
		if known(long) {
			t.Error("a longer token is kept")
		}
	}
	r.close()
	if known(short) {
		t.Error("a token is known after everything was forgotten")
	}
}

// Tokens that share a slot replace each other only rarely.
func TestFrontEntriesAreRarelyReplaced(t *testing.T) {
	r := frontCache(t)
	kept := 0
	var last string
	for n := range 3 * frontSlots * replaceEvery {
		token := fmt.Sprint(n)
		if _, slot := r.frontFind(token); slot != nil {
			r.keepInFront(slot, token, found(token))
			if slot.Load().token == token {
				kept++
				last = token
			}
		}
	}
	if most := frontSlots + 3*frontSlots; kept <= frontSlots || kept > most {
		t.Errorf("%d tokens took a slot, want more than %d and at most %d", kept, frontSlots, most)
	}
	if _, slot := r.frontFind(last); slot != nil {
		t.Error("the last token that took a slot is not in the slot")
	}
}

// A refused token is never in the front layer.
func TestARefusedTokenIsNeverInFront(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	v := offline(t, idp.JWKSOf(one))
	good := one.Token(idp.IDClaims(idp.Now))
	forged := good[:len(good)-10] + "AAAAAAAAAA"
	for range 3 {
		if _, err := v.Verify(t.Context(), forged, Presented{}); err == nil {
			t.Fatal("a forged token is accepted")
		}
		v.cache.bad.cache.Wait()
	}
	if _, slot := v.cache.frontFind(forged); slot == nil {
		t.Error("a forged token is kept")
	}
	for range 2 {
		if _, err := v.Verify(t.Context(), good, Presented{}); err != nil {
			t.Fatal(err)
		}
		v.cache.good.cache.Wait()
	}
	if _, slot := v.cache.frontFind(good); slot != nil {
		t.Error("a verified token is not kept")
	}
}

// A token in the front layer is found until its entry ends or its key leaves the key set.
func TestATokenInFrontIsForgottenInTime(t *testing.T) {
	one, two := idp.RSAKey(0, idp.KidOne), idp.RSAKey(1, "another kid")
	v := offline(t, idp.JWKSOf(one))
	now := idp.Now
	v.now = func() time.Time { return now }
	v.tokenTTL = time.Minute
	token := one.Token(idp.IDClaims(idp.Now))
	verify := func() error {
		_, err := v.Verify(t.Context(), token, Presented{})
		v.cache.good.cache.Wait()
		return err
	}
	for range 3 {
		if err := verify(); err != nil {
			t.Fatal(err)
		}
	}
	d, _ := v.cache.frontFind(token)
	if d == nil || d.valid(now) == nil {
		t.Fatal("a token in use is not found")
	}
	for at, want := range map[time.Duration]bool{0: true, time.Minute - 1: true, time.Minute: false, time.Hour: false} {
		if got := d.valid(idp.Now.Add(at)) != nil; got != want {
			t.Errorf("%s later it is found: %v", at, got)
		}
	}
	v.order[0].serve(t, v.now, idp.JWKSOf(two))
	if d.valid(now) != nil {
		t.Error("it is found after its key has left the set")
	}
	if err := verify(); err == nil {
		t.Error("it is accepted after its key has left the set")
	}
}

// A claim with more values takes more of the cache's memory.
func TestTheSizeOfAnEntryGrowsWithItsClaims(t *testing.T) {
	sizeOf := func(values int) int64 {
		f := found("t")
		f.identity.claims = []claim{{values: make([]string, values)}}
		return f.size()
	}
	short, long := found("t"), found("t")
	long.payloadSize = 1000
	if long.size() != short.size()+1000 {
		t.Errorf("%d bytes without a payload, %d with 1000 bytes", short.size(), long.size())
	}
	if none, one, many := found("t").size(), sizeOf(1), sizeOf(10); none >= one || one+9*16 != many {
		t.Errorf("%d bytes without a claim, %d with one value, %d with ten", none, one, many)
	}
}

// Bad tokens cost a forger little, so they have a sixteenth of the memory of good tokens, and at least 1 MiB.
func TestTheMemoryOfBadTokens(t *testing.T) {
	for bytes, want := range map[int64]int64{64 << 20: 4 << 20, 1 << 20: 1 << 20} {
		c, err := newTokenCache(bytes)
		if err != nil {
			t.Fatal(err)
		}
		if good, bad := c.good.cache.MaxCost(), c.bad.cache.MaxCost(); good != bytes || bad != want {
			t.Errorf("of %d bytes good tokens have %d, bad ones %d, want %d", bytes, good, bad, want)
		}
		c.close()
	}
}

// A token is kept until it expires, and for the leeway, but no longer than TokenTTL.
func TestATokenIsKeptUntilItExpires(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	v := offline(t, idp.JWKSOf(one), func(o *Options) { o.TokenTTL = time.Hour })
	leeway := v.order[0].config.Leeway
	for _, c := range []struct {
		expires time.Duration // after now
		kept    time.Duration
	}{
		{2 * time.Hour, time.Hour},
		{time.Minute, time.Minute + leeway},
		{time.Hour - leeway + time.Second, time.Hour},
		{-leeway / 2, time.Hour}, // each use judges its time
	} {
		token := one.Token(idp.IDClaims(idp.Now).With("exp", idp.Now.Add(c.expires).Unix()))
		if f := v.verify(t.Context(), token, [32]byte{}, ""); f.bad != nil || !f.until.Equal(idp.Now.Add(c.kept)) {
			t.Errorf("a token that expires after %s is kept for %s, %v", c.expires, f.until.Sub(idp.Now), f.bad)
		}
	}
}
