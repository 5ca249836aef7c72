package revocation

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/verifier"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestSharedRevocations(t *testing.T) {
	now := revocationStart
	good := Entry{Issuer: "a", Session: "s1", ID: "1", Before: now, Until: now.Add(time.Hour)}
	with := func(change func(*Entry)) Entry {
		r := good
		change(&r)
		return r
	}
	for _, c := range []struct {
		name string
		take Entry
		want bool
	}{
		{"of a session", good, true},
		{"of a subject", with(func(r *Entry) { r.Session, r.Subject = "", "alice" }), true},
		{"of neither", with(func(r *Entry) { r.Session = "" }), false},
		{"of both", with(func(r *Entry) { r.Subject = "alice" }), false},
		{"without an issuer", with(func(r *Entry) { r.Issuer = "" }), false},
		{"without a jti", with(func(r *Entry) { r.ID = "" }), false},
		{"that is over", with(func(r *Entry) { r.Until = now }), false},
		{"without an end", with(func(r *Entry) { r.Until = time.Time{} }), false},
	} {
		r := NewList(func() time.Time { return now }, 25*time.Hour)
		if got := r.Merge(c.take); got != c.want {
			t.Errorf("%s: taken %v, want %v", c.name, got, c.want)
		}
		if r.Merge(c.take) {
			t.Errorf("%s: taken twice", c.name)
		}
		id := &verifier.Identity{Issuer: "a", Subject: "alice", Session: c.take.Session, IssuedAt: now}
		if got := r.Revoked(id, ""); got != c.want {
			t.Errorf("%s: revoked %v, want %v", c.name, got, c.want)
		}
		var all []Entry
		if c.want {
			all = []Entry{c.take}
		}
		if diff := cmp.Diff(all, append([]Entry(nil), r.All()...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestASharedRevocationIsKeptNoLongerThanAnOwnOne(t *testing.T) {
	now := revocationStart
	r := NewList(func() time.Time { return now }, time.Hour)
	r.Merge(Entry{Issuer: "a", Session: "s1", ID: "1", Until: now.Add(1000 * time.Hour)})
	r.Merge(Entry{Issuer: "a", Session: "s2", ID: "2", Until: now.Add(30 * time.Minute)})
	now = now.Add(time.Hour - 1)
	if all := r.All(); len(all) != 1 || all[0].Session != "s1" {
		t.Errorf("in force: %v", all)
	}
	if now = now.Add(1); r.Revoked(&verifier.Identity{Issuer: "a", Session: "s1"}, "") || r.Counts() != (Counts{}) {
		t.Error("it outlives the retention")
	}
}

// In any order of own and shared entries, an identity stays revoked until the latest end of
// the entries that revoke it. No entry shortens a revocation.
func TestSharedRevocationsOnlyAdd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := revocationStart
		r := NewList(func() time.Time { return now }, 10*time.Hour)
		id := &verifier.Identity{Issuer: "a", Subject: "alice", Session: "s", IssuedAt: now}
		until := time.Time{} // the end of the identity's revocation
		for n := range rapid.IntRange(1, 20).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "minutes")) * time.Minute)
			jti := fmt.Sprint(rapid.IntRange(0, 5).Draw(t, "jti"), n)
			session := rapid.SampledFrom([]string{"", "s"}).Draw(t, "sid")
			before := now.Add(time.Duration(rapid.IntRange(-600, 600).Draw(t, "iat")) * time.Minute)
			end := now.Add(10 * time.Hour)
			if rapid.Bool().Draw(t, "shared") {
				s := Entry{Issuer: "a", Session: session, ID: jti, Before: before}
				if session == "" {
					s.Subject = "alice"
				}
				end = now.Add(time.Duration(rapid.IntRange(1, 1200).Draw(t, "until")) * time.Minute)
				s.Until = end
				if longest := now.Add(10 * time.Hour); end.After(longest) {
					end = longest
				}
				r.Merge(s)
			} else {
				r.End(&Logout{Issuer: "a", Session: session, Subject: "alice", ID: jti, IssuedAt: before})
			}
			if session != "" || !id.IssuedAt.After(before) {
				until = later(until, end)
			}
			if now.Before(until) && !r.Revoked(id, "") {
				t.Fatalf("at %s it is not revoked any more, want until %s", now, until)
			}
		}
		now = now.Add(11 * time.Hour)
		if r.Revoked(id, "") || r.Counts() != (Counts{}) || len(r.seen)+int(r.own.bytes+r.shared.bytes) != 0 || r.any.Load() {
			t.Fatal("something is left behind")
		}
	})
}

// An attacker who can write to the store may share an entry with the jti of a logout token before the
// token arrives.
func TestASignedTokenCountsWhateverIsSharedOfItsJTI(t *testing.T) {
	now := revocationStart
	r := NewList(func() time.Time { return now }, time.Hour)
	r.Merge(Entry{Issuer: "a", Session: "harmless", ID: "1", Until: now.Add(time.Minute)})
	l := &Logout{Issuer: "a", Session: "s1", ID: "1", IssuedAt: now}
	if !r.End(l) || r.End(l) {
		t.Error("want true, then false")
	}
	if !r.Revoked(&verifier.Identity{Issuer: "a", Session: "s1"}, "") || !r.Revoked(&verifier.Identity{Issuer: "a", Session: "harmless"}, "") {
		t.Error("one of the two is not revoked")
	}
	now = now.Add(2 * time.Minute)
	if r.Counts(); r.End(l) {
		t.Error("the jti was forgotten with the shared entry that claimed it")
	}
	if r.Merge(Entry{Issuer: "a", Session: "s2", ID: "1", Until: now.Add(time.Minute)}) {
		t.Error("a shared entry took the jti of a signed token")
	}
	if again := (&Logout{Issuer: "a", Session: "s3", ID: "3", IssuedAt: now}); !r.Merge(Entry{Issuer: "a", Session: "s3", ID: "3", Until: now.Add(time.Minute)}) || r.End(again) {
		t.Error("a token that has counted at another replica counts again")
	}
}

// A flood of shared entries does not remove older entries.
func TestSharedRevocationsAreBounded(t *testing.T) {
	now := revocationStart
	r := NewList(func() time.Time { return now }, time.Hour)
	r.maxBytes = 100 * 450
	r.End(&Logout{Issuer: "a", Session: "own", ID: "own"})
	r.Merge(Entry{Issuer: "a", Session: "first", ID: "first", Until: now.Add(30 * time.Minute)})
	for n := range 1000 {
		r.Merge(Entry{Issuer: "a", Session: fmt.Sprintf("s%d", n), ID: fmt.Sprintf("j%d", n), Until: now.Add(30 * time.Minute)})
	}
	c := r.Counts()
	if r.shared.bytes > r.maxBytes || c.Sessions < 90 || uint64(c.Sessions)+c.Dropped != 1002 {
		t.Errorf("%d bytes of %d, %+v", r.shared.bytes, r.maxBytes, c)
	}
	for _, session := range []string{"own", "first"} {
		if !r.Revoked(&verifier.Identity{Issuer: "a", Session: session}, "") {
			t.Errorf("the flood made it forget %s", session)
		}
	}
	if now = now.Add(31 * time.Minute); !r.Merge(Entry{Issuer: "a", Session: "later", ID: "later", Until: now.Add(time.Minute)}) {
		t.Error("there is no room although everything is over")
	}
}

// An entry counts its two texts and 440 bytes. What fits exactly is kept.
func TestSharedRevocationsFillTheMemoryToTheLastByte(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	r := NewList(func() time.Time { return now }, time.Hour)
	text := strings.Repeat("x", 299)
	r.maxBytes = 3 * (440 + 300 + 300)
	merge := func(n int, lasts time.Duration) bool {
		digit := strconv.Itoa(n)
		return r.Merge(Entry{Issuer: "a", Session: text + digit, ID: text + digit, Before: now, Until: now.Add(lasts)})
	}
	for n, want := range []bool{true, true, true, false} {
		if got := merge(n, time.Duration(n+1)*time.Minute); got != want {
			t.Errorf("entry %d was added: %v", n, got)
		}
	}
	now = now.Add(90 * time.Second)
	if !merge(4, time.Minute) || merge(5, time.Minute) {
		t.Error("where one entry is over, one fits")
	}
}

func TestRetention(t *testing.T) {
	if got := NewList(nil, time.Hour).Retention(); got != time.Hour {
		t.Errorf("%s, want 1h", got)
	}
}
