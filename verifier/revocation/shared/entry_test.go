package shared

import (
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/verifier/revocation"
	"github.com/google/go-cmp/cmp"
)

var at = time.Unix(1_790_000_000, 0)

func TestAnEntryIsReadAsItWasWritten(t *testing.T) {
	for _, want := range []revocation.Entry{
		{Issuer: "a", Session: "s1", ID: "1", Before: at, Until: at.Add(time.Hour)},
		{Issuer: "a", Subject: `ali"ce \ </script> ü`, ID: "\x01", Before: at, Until: at.Add(time.Hour)},
	} {
		e, err := decode(encode(want, "https://auth.example/"))
		if err != nil || e.Issuer != "https://auth.example/" {
			t.Fatalf("%+v, %v", e, err)
		}
		if diff := cmp.Diff(want, e.shared("a")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if keyOf("a", "bc") == keyOf("ab", "c") || !strings.HasPrefix(keyOf("a", "b"), keyPrefix) {
		t.Error("two logout tokens have one key")
	}
}

func TestAnEntryHasOneReading(t *testing.T) {
	good := encode(revocation.Entry{Session: "s1", ID: "1", Before: at, Until: at}, "https://auth.example/")
	for _, replaced := range [][2]string{
		{`"sid":"s1"`, `"sid":"s1","SID":"s2"`},
		{`"sid":"s1"`, `"sid":"s1","sid":"s2"`},
		{`"sid":"s1"`, `"sid":"s1","more":1`},
		{`"sid":"s1"`, `"Sid":"s1"`},
		{`"sid":"s1"`, `"sid":"s1","sub":"alice"`},
		{`{"v"`, ` {"v"`},
		{`}`, `}{}`},
	} {
		if text := strings.Replace(good, replaced[0], replaced[1], 1); text == good {
			t.Fatalf("%s is not in %s", replaced[0], good)
		} else if e, err := decode(text); err == nil {
			t.Errorf("%s was read as %+v", text, e)
		}
	}
}

func TestTheBoundsOfAnEntry(t *testing.T) {
	const latest = 1 << 40
	with := func(before, until int64) string {
		return encode(revocation.Entry{Session: "s1", ID: "1", Before: time.Unix(before, 0), Until: time.Unix(until, 0)}, "https://auth.example/")
	}
	ofSize := func(size int) string {
		return strings.Replace(with(0, 0), "s1", "s1"+strings.Repeat("x", size-len(with(0, 0))), 1)
	}
	for text, good := range map[string]bool{
		with(0, 0): true, with(latest, latest): true,
		with(-1, 0): false, with(0, -1): false, with(latest+1, 0): false, with(0, latest+1): false,
		ofSize(maxEntry): true, ofSize(maxEntry + 1): false,
	} {
		if _, err := decode(text); (err == nil) != good {
			t.Errorf("an entry of %d bytes, %.100s: %v", len(text), text, err)
		}
	}
}

// A synchronization skips what is pending, so nothing may stay pending.
func TestNothingIsPendingAfterALogout(t *testing.T) {
	s, err := New(Options{URL: "redis://127.0.0.1:1", List: revocation.NewList(nil, time.Hour), Issuers: map[string]string{"a": "https://auth.example/"}})
	if err != nil {
		t.Fatal(err)
	}
	if !s.End(t.Context(), &revocation.Logout{Issuer: "a", Session: "s1", ID: "1", IssuedAt: at}) || len(s.pending) > 0 {
		t.Errorf("%d entries are pending", len(s.pending))
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// decode does not panic on any text. An entry that decode accepts names one session or
// subject, and encode writes the same entry.
func FuzzDecode(f *testing.F) {
	good := encode(revocation.Entry{Session: "s1", ID: "1", Before: at, Until: at}, "https://auth.example/")
	for _, text := range []string{good, strings.Replace(good, "sid", "sub", 1), strings.Replace(good, `"v":1`, `"v":2`, 1), "{}", "null", good + good} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := decode(text)
		if err != nil {
			return
		}
		if e.Issuer == "" || e.ID == "" || (e.Session == "") == (e.Subject == "") {
			t.Fatalf("%q names %+v", text, e)
		}
		again, err := decode(encode(e.shared("a"), e.Issuer))
		if err != nil || again != e {
			t.Fatalf("%q: %+v, then %+v, %v", text, e, again, err)
		}
	})
}
