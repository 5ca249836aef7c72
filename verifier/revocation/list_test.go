package revocation

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/claimgate/claimgate/verifier"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var revocationStart = time.Unix(1_790_000_000, 0)

func TestRevocations(t *testing.T) {
	at := revocationStart
	bySession := &Logout{Issuer: "a", Subject: "alice", Session: "s1", ID: "j1", IssuedAt: at}
	bySubject := &Logout{Issuer: "a", Subject: "bob", ID: "j2", IssuedAt: at}
	for _, c := range []struct {
		name    string
		id      verifier.Identity
		session string
		want    bool
	}{
		{"the session that ended", verifier.Identity{Issuer: "a", Subject: "alice", Session: "s1", IssuedAt: at}, "", true},
		{"the session that ended, its token renewed since", verifier.Identity{Issuer: "a", Subject: "alice", Session: "s1", IssuedAt: at.Add(time.Hour)}, "", true},
		{"the token has no sid, MinIO attests it", verifier.Identity{Issuer: "a", Subject: "alice", IssuedAt: at}, "s1", true},
		{"the token's own sid is what counts", verifier.Identity{Issuer: "a", Subject: "alice", Session: "s2", IssuedAt: at}, "s1", false},
		{"another session of the subject", verifier.Identity{Issuer: "a", Subject: "alice", Session: "s2", IssuedAt: at}, "", false},
		{"a machine token of the subject", verifier.Identity{Issuer: "a", Subject: "alice", IssuedAt: at}, "", false},
		{"the same sid of another issuer", verifier.Identity{Issuer: "b", Subject: "alice", Session: "s1", IssuedAt: at}, "", false},
		{"any session of the subject from before", verifier.Identity{Issuer: "a", Subject: "bob", Session: "s9", IssuedAt: at.Add(-time.Hour)}, "", true},
		{"a session of the subject from the same second", verifier.Identity{Issuer: "a", Subject: "bob", IssuedAt: at}, "", true},
		{"a session of the subject from after", verifier.Identity{Issuer: "a", Subject: "bob", Session: "s9", IssuedAt: at.Add(time.Second)}, "", false},
		{"the subject, with no iat to show", verifier.Identity{Issuer: "a", Subject: "bob"}, "", true},
		{"the same subject of another issuer", verifier.Identity{Issuer: "b", Subject: "bob", IssuedAt: at}, "", false},
		{"another subject", verifier.Identity{Issuer: "a", Subject: "carol", IssuedAt: at}, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := NewList(nil, time.Hour)
			if r.Revoked(&c.id, c.session) {
				t.Fatal("revoked before any logout")
			}
			if !r.End(bySession) || !r.End(bySubject) {
				t.Fatal("a logout token that is new does not count")
			}
			if got := r.Revoked(&c.id, c.session); got != c.want {
				t.Errorf("revoked: %v, want %v", got, c.want)
			}
		})
	}
}

func TestALogoutTokenCountsOnce(t *testing.T) {
	now := revocationStart
	r := NewList(func() time.Time { return now }, time.Minute)
	l := &Logout{Issuer: "a", Subject: "alice", ID: "j1", IssuedAt: now, Expires: now.Add(time.Hour)}
	if !r.End(l) || r.End(l) {
		t.Error("want true, then false")
	}
	if !r.End(&Logout{Issuer: "b", Subject: "alice", ID: "j1", IssuedAt: now}) {
		t.Error("another issuer's jti is another jti")
	}
	now = now.Add(59 * time.Minute)
	if r.End(l) {
		t.Error("the jti was forgotten although its token still verifies")
	}
}

func TestLogoutTokensOutOfOrder(t *testing.T) {
	now := revocationStart
	r := NewList(func() time.Time { return now }, time.Hour)
	r.End(&Logout{Issuer: "a", Subject: "alice", ID: "2", IssuedAt: now})
	r.End(&Logout{Issuer: "a", Subject: "alice", ID: "1", IssuedAt: now.Add(-time.Minute)})
	if !r.Revoked(&verifier.Identity{Issuer: "a", Subject: "alice", IssuedAt: now.Add(-time.Second)}, "") {
		t.Error("the older logout token took back the newer one")
	}
}

func TestRevocationsAreForgotten(t *testing.T) {
	now := revocationStart
	r := NewList(func() time.Time { return now }, time.Hour)
	alice := &verifier.Identity{Issuer: "a", Subject: "alice", Session: "s1", IssuedAt: now}
	bob := &verifier.Identity{Issuer: "a", Subject: "bob", IssuedAt: now}
	r.End(&Logout{Issuer: "a", Session: "s1", ID: "1", IssuedAt: now})
	now = now.Add(30 * time.Minute)
	r.End(&Logout{Issuer: "a", Session: "s1", ID: "2", IssuedAt: now})
	r.End(&Logout{Issuer: "a", Subject: "bob", ID: "3", IssuedAt: now})
	now = now.Add(31 * time.Minute)
	if diff := cmp.Diff(Counts{Sessions: 1, Subjects: 1}, r.Counts()); diff != "" {
		t.Errorf("after the first retention (-want +got):\n%s", diff)
	}
	if !r.Revoked(alice, "") {
		t.Error("the end of the older revocation took the newer one with it")
	}
	now = now.Add(30 * time.Minute)
	if r.Revoked(alice, "") || r.Revoked(bob, "") {
		t.Error("revoked past the retention")
	}
	if diff := cmp.Diff(Counts{}, r.Counts()); diff != "" {
		t.Errorf("after the last retention (-want +got):\n%s", diff)
	}
	if len(r.seen)+len(r.own.endings)+int(r.own.bytes) != 0 || r.any.Load() {
		t.Error("something is left behind")
	}
}

func TestRevocationsAreBounded(t *testing.T) {
	now := revocationStart
	r := NewList(func() time.Time { return now }, time.Hour)
	r.maxBytes = 100 * 450
	for n := range 1000 {
		r.End(&Logout{Issuer: "a", Session: fmt.Sprintf("s%d", n), ID: fmt.Sprintf("j%d", n), IssuedAt: now})
	}
	c := r.Counts()
	if r.own.bytes > r.maxBytes || c.Sessions < 100 || uint64(c.Sessions)+c.Dropped != 1000 {
		t.Errorf("%d bytes of %d, %+v", r.own.bytes, r.maxBytes, c)
	}
	if !r.Revoked(&verifier.Identity{Issuer: "a", Session: "s999"}, "") || r.Revoked(&verifier.Identity{Issuer: "a", Session: "s0"}, "") {
		t.Error("want the oldest to be forgotten first")
	}
}

// The list revokes exactly what a simple model revokes: each logout ends its session, or the earlier sessions of its
// subject, for the retention. A later logout of the same subject prolongs those that are still in force.
func TestRevocationsModel(t *testing.T) {
	const retention = time.Hour
	rapid.Check(t, func(t *rapid.T) {
		now := revocationStart
		r := NewList(func() time.Time { return now }, retention)
		type entry struct {
			Logout
			seen  time.Time // until then the jti counts no second time
			until time.Time // until then sessions are revoked
		}
		var model []entry
		sameTarget := func(a, b *Logout) bool {
			return a.Issuer == b.Issuer && a.Session == b.Session && (a.Session != "" || a.Subject == b.Subject)
		}
		name := rapid.SampledFrom([]string{"", "x", "y"})
		issuer := rapid.SampledFrom([]string{"a", "b"})
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "minutes")) * time.Minute)
			l := Logout{
				Issuer: issuer.Draw(t, "issuer"), Session: name.Draw(t, "sid"), Subject: name.Draw(t, "sub"),
				ID: rapid.StringMatching("[0-9]").Draw(t, "jti"), IssuedAt: now.Add(-time.Duration(rapid.IntRange(0, 5).Draw(t, "late")) * time.Minute),
			}
			if l.Session != "" || l.Subject != "" {
				again := false
				for _, e := range model {
					again = again || (e.Issuer == l.Issuer && e.ID == l.ID && now.Before(e.seen))
				}
				if r.End(&l) == again {
					t.Fatalf("End of jti %q: want %v", l.ID, !again)
				}
				if !again {
					for i := range model {
						if e := &model[i]; sameTarget(&e.Logout, &l) && now.Before(e.until) {
							e.until = now.Add(retention)
						}
					}
					model = append(model, entry{l, now.Add(retention), now.Add(retention)})
				}
			}
			id := verifier.Identity{Issuer: issuer.Draw(t, "its issuer"), Session: name.Draw(t, "session"), Subject: name.Draw(t, "subject")}
			if age := rapid.IntRange(-1, 120).Draw(t, "age"); age >= 0 {
				id.IssuedAt = now.Add(-time.Duration(age) * time.Minute)
			}
			attested := name.Draw(t, "attested session")
			session := id.Session
			if session == "" {
				session = attested
			}
			want, sessions, subjects := false, map[string]bool{}, map[string]bool{}
			for _, e := range model {
				ofSession := e.Session != ""
				switch {
				case !now.Before(e.until):
					continue
				case ofSession:
					sessions[e.Issuer+" "+e.Session] = true
				default:
					subjects[e.Issuer+" "+e.Subject] = true
				}
				switch {
				case e.Issuer != id.Issuer:
				case ofSession:
					want = want || e.Session == session
				default:
					want = want || e.Subject == id.Subject && !id.IssuedAt.After(e.IssuedAt) // a zero IssuedAt is before every logout
				}
			}
			if got := r.Revoked(&id, attested); got != want {
				t.Fatalf("Revoked(%+v, %q) = %v, want %v", id, attested, got, want)
			}
			if rapid.Bool().Draw(t, "count") {
				if diff := cmp.Diff(Counts{Sessions: len(sessions), Subjects: len(subjects)}, r.Counts()); diff != "" {
					t.Fatalf("counts (-want +got):\n%s", diff)
				}
			}
		}
	})
}

func TestRevokedWhileEnding(t *testing.T) {
	r := NewList(nil, time.Hour)
	id := &verifier.Identity{Issuer: "a", Subject: "alice", Session: "s", IssuedAt: time.Now()}
	var both sync.WaitGroup
	both.Go(func() {
		for n := range 1000 {
			r.End(&Logout{Issuer: "a", Session: fmt.Sprint(n), ID: fmt.Sprint(n), IssuedAt: time.Now()})
		}
	})
	both.Go(func() {
		for range 1000 {
			r.Revoked(id, "")
			r.Counts()
		}
	})
	both.Wait()
	if allocs := testing.AllocsPerRun(100, func() { r.Revoked(id, "") }); allocs != 0 {
		t.Errorf("Revoked allocates %v times", allocs)
	}
}

func BenchmarkRevoked(b *testing.B) {
	r := NewList(nil, time.Hour)
	for n := range 10_000 {
		r.End(&Logout{Issuer: "a", Session: fmt.Sprint(n), ID: fmt.Sprint(n), IssuedAt: time.Now()})
	}
	id := &verifier.Identity{Issuer: "a", Subject: "alice", Session: "s", IssuedAt: time.Now()}
	b.ReportAllocs()
	for b.Loop() {
		r.Revoked(id, "")
	}
}
