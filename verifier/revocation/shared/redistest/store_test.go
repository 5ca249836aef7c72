package redistest

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/wait"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/revocation"
	"github.com/claimgate/claimgate/verifier/revocation/shared"
	"github.com/rs/zerolog"
)

const issuerURL = "https://auth.example/application/o/minio/"

// replica is the store and the list of one claimgate process.
type replica struct {
	*shared.Store
	t     *testing.T
	known *revocation.List
	log   safeBuffer
	ahead atomic.Int64 // by how many nanoseconds its clock is ahead
}

type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (r *replica) now() time.Time { return time.Now().Add(time.Duration(r.ahead.Load())) }

func newReplica(t *testing.T, url string, change ...func(*shared.Options)) *replica {
	t.Helper()
	r := &replica{t: t}
	r.known = revocation.NewList(r.now, 25*time.Hour)
	o := shared.Options{
		URL: url, List: r.known, Issuers: map[string]string{"authentik": issuerURL}, Log: zerolog.New(&r.log), Now: r.now,
	}
	for _, f := range change {
		f(&o)
	}
	var err error
	if r.Store, err = shared.New(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	r.Start()
	return r
}

// joined returns a replica that has synchronized.
func joined(t *testing.T, url string, change ...func(*shared.Options)) *replica {
	t.Helper()
	r := newReplica(t, url, change...)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // ends a test that hangs
	defer cancel()
	if !r.WaitSynced(ctx) {
		t.Fatalf("the store was not reached: %+v", r.State())
	}
	wait.Until(t, "the store is up", func() bool { return r.State().Up })
	return r
}

func logoutOf(session string) *revocation.Logout {
	return &revocation.Logout{
		Issuer: "authentik", Subject: "alice", Session: session, ID: "jti of " + session,
		IssuedAt: time.Now(), Expires: time.Now().Add(2 * time.Minute),
	}
}

// times returns how often the log of the replica says a text.
func (r *replica) times(text string) int { return strings.Count(r.log.String(), text) }

const (
	synchronized = "revocations were synchronized" // a logout came with a synchronization, not with its publication
	notShared    = "is not shared yet"             // a logout waited half a second for the store
	isDown       = "the revocation store is down"
	isConnected  = "the revocation store is connected"
)

func (r *replica) end(l *revocation.Logout) bool { return r.End(r.t.Context(), l) }

func (r *replica) ended(session string) bool {
	return r.known.Revoked(&verifier.Identity{Issuer: "authentik", Subject: "alice", Session: session, IssuedAt: r.now()}, "")
}

func (r *replica) endedSubject(subject string) bool {
	return r.known.Revoked(&verifier.Identity{Issuer: "authentik", Subject: subject, IssuedAt: time.Now().Add(-time.Minute)}, "")
}

func TestALogoutReachesEveryReplica(t *testing.T) {
	s := startServer(t)
	one, two, three := joined(t, s.url()), joined(t, s.url()), joined(t, s.url())
	// A logout is published at once. On a busy machine a replica can miss it and get it with a synchronization.
	for n, published := 1, false; !published; n++ {
		if n == 5 {
			t.Fatal("every logout came with a synchronization, none with its publication")
		}
		before, session := two.times(synchronized), "s"+number(n)
		if !one.end(logoutOf(session)) || !one.ended(session) {
			t.Fatal("the logout does not count where it was received")
		}
		took := wait.Until(t, "the logout counts on the second replica", func() bool { return two.ended(session) })
		wait.Until(t, "and on the third", func() bool { return three.ended(session) })
		t.Logf("known to another replica after %s", took)
		published = two.times(synchronized) == before
	}
	if two.ended("another") {
		t.Error("another session ended too")
	}
	bob := &revocation.Logout{Issuer: "authentik", Subject: "bob", ID: "b", IssuedAt: time.Now()}
	three.end(bob)
	wait.Until(t, "every session of a subject ends on the first replica", func() bool { return one.endedSubject("bob") })
	late := joined(t, s.url())
	if !late.ended("s1") || !late.endedSubject("bob") {
		t.Error("a replica that starts later does not know what has ended")
	}
}

// A logout token that is sent to all replicas at the same time counts on one of them.
func TestALogoutTokenCountsOnceOnAllReplicas(t *testing.T) {
	s := startServer(t)
	replicas := []*replica{joined(t, s.url()), joined(t, s.url()), joined(t, s.url())}
	// A replica whose store does not answer in time cannot know of the others. Then the round proves nothing.
	troubles := func() (n int, down bool) {
		for _, r := range replicas {
			n += r.times(notShared) + r.times(isDown)
			down = down || !r.State().Up
		}
		return n, down
	}
	for n, proved := 0, 0; proved < 50; n++ {
		if n == 1000 {
			t.Fatalf("the store answers too slowly: %d rounds of %d prove something", proved, n)
		}
		wait.Until(t, "all are connected", func() bool { _, down := troubles(); return !down })
		before, _ := troubles()
		l := logoutOf("s" + number(n))
		var counted atomic.Int64
		var all sync.WaitGroup
		for _, r := range replicas {
			all.Go(func() {
				if r.end(l) {
					counted.Add(1)
				}
			})
		}
		all.Wait()
		if after, down := troubles(); after == before && !down {
			proved++
			if counted.Load() != 1 {
				t.Fatalf("round %d: the token counted %d times", n, counted.Load())
			}
		}
		for _, r := range replicas {
			if !r.ended("s" + number(n)) {
				t.Fatalf("round %d: a replica that received the token has not ended the session", n)
			}
		}
	}
}

func TestAStoreThatIsDown(t *testing.T) {
	for name, outage := range map[string]struct{ begin, end func(*server) }{
		"killed, back with nothing in it": {(*server).kill, (*server).start},
		"hanging":                         {(*server).stop, (*server).resume},
	} {
		t.Run(name, func(t *testing.T) {
			s := startServer(t)
			one, two := joined(t, s.url()), joined(t, s.url())
			one.end(logoutOf("before"))
			wait.Until(t, "it is shared", func() bool { return two.ended("before") })

			outage.begin(s)
			wait.Until(t, "both see the outage", func() bool { return !one.State().Up && !two.State().Up })
			if st := one.State(); st.Error == "" || st.Stale {
				t.Errorf("the state is %+v", st)
			}
			waited := one.times(notShared)
			if !one.end(logoutOf("during")) || !one.ended("during") || !one.ended("before") || !two.ended("before") {
				t.Error("the outage changed what is known")
			}
			if one.times(notShared) != waited {
				t.Error("a logout waited for a store that is known to be down")
			}
			if one.end(logoutOf("during")) {
				t.Error("a jti counted twice")
			}
			if two.ended("during") {
				t.Error("a logout reached the other replica during the outage")
			}
			fresh := newReplica(t, s.url()) // starts during the outage
			if fresh.ended("before") || fresh.State().Up {
				t.Error("a replica that starts during the outage knows of a logout or is up")
			}
			if wait.Until(t, "the age grows", func() bool { return one.Age() > 2*time.Second }); one.Stale() {
				t.Error("stale, without a bound")
			}

			outage.end(s)
			took := wait.Until(t, "the logout reaches the other replica", func() bool { return two.ended("during") })
			t.Logf("shared %s after the store was back", took)
			wait.Until(t, "and the one that started meanwhile", func() bool { return fresh.ended("during") && fresh.ended("before") })
			wait.Until(t, "all see the end", func() bool { return one.State().Up && two.State().Up && fresh.State().Up })
			wait.Until(t, "the copy is current and the error is gone", func() bool { return two.State().Error == "" && two.Age() < 5*time.Second })
			late := joined(t, s.url())
			if !late.ended("before") || !late.ended("during") {
				t.Error("what the store had lost was not written again")
			}
			two.end(logoutOf("after"))
			wait.Until(t, "and it goes on", func() bool { return one.ended("after") && fresh.ended("after") })
			for _, r := range []*replica{one, two} {
				// On a busy machine there can be more outages than this one.
				if n := r.times(isDown); n < 1 || n > r.times(isConnected) {
					t.Errorf("the log speaks of the outage %d times:\n%s", n, r.log.String())
				}
			}
		})
	}
}

// The store hangs, and the replica has not noticed yet. The shortest of several waits counts, because the machine may
// be busy. Without the bound of half a second, each would take two seconds: a connection's timeout.
func TestALogoutWaitsHalfASecondAtMost(t *testing.T) {
	s := startServer(t)
	one, two := joined(t, s.url()), joined(t, s.url())
	for n := range 10 {
		session, before := "s"+number(n), one.times(notShared)
		s.stop()
		began := time.Now()
		if !one.end(logoutOf(session)) {
			t.Error("it does not count")
		}
		took := time.Since(began)
		s.resume() // at once, so that the subscription survives and only the failed write causes a synchronization
		wait.Until(t, "it is shared", func() bool { return two.ended(session) })
		if took < 800*time.Millisecond && one.times(notShared) > before {
			return
		}
		t.Logf("a logout waited %s", took)
		wait.Until(t, "both are connected", func() bool { return one.State().Up && two.State().Up })
	}
	t.Error("no logout waited for half a second and then went on")
}

func TestAFlushedStoreIsWrittenAgain(t *testing.T) {
	s := startServer(t)
	one, two := joined(t, s.url()), joined(t, s.url())
	for n := range 1200 { // more than fit into one command
		one.end(logoutOf("s" + number(n)))
	}
	wait.Until(t, "all are shared", func() bool { return two.known.Counts().Sessions == 1200 })
	c := s.client()
	if err := c.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if !one.ended("s0") || !two.ended("s1199") {
		t.Error("the flush removed a revocation from a replica")
	}
	// Killing the connections causes a synchronization now, not in half a minute.
	if err := c.ClientKillByFilter(t.Context(), "TYPE", "pubsub").Err(); err != nil {
		t.Fatal(err)
	}
	wait.Until(t, "the entries are there again", func() bool { return c.DBSize(t.Context()).Val() == 1200 })
	if late := joined(t, s.url()); late.known.Counts().Sessions != 1200 {
		t.Errorf("a new replica knows of %d", late.known.Counts().Sessions)
	}
}

// No value in the store and no published message ends the program or removes a revocation.
func TestGarbageInTheStoreIsIgnored(t *testing.T) {
	s := startServer(t)
	c := s.client()
	one := joined(t, s.url())
	one.end(logoutOf("s1"))
	var keys []string
	wait.Until(t, "the store has the logout", func() bool { keys = c.Keys(t.Context(), "*").Val(); return len(keys) == 1 })
	began := time.Now()
	good := c.Get(t.Context(), keys[0]).Val()
	garbage := []string{
		"", "x", "null", "{}", "[]", `"s1"`, strings.Repeat("[", 100_000), `{"v":1}`, strings.Repeat("a", 2<<20), "\xff\xfe",
		strings.Replace(good, `"v":1`, `"v":2`, 1),
		strings.Replace(good, `"sid":"s1"`, `"sid":""`, 1),
		strings.Replace(good, `"sid":"s1"`, `"sid":"s1","sid":"s2"`, 1),
		strings.Replace(good, `"sid":"s1"`, `"sid":"s1","SID":"s2"`, 1),
		strings.Replace(good, `"sid":"s1"`, `"sid":"s1","sub":"alice"`, 1),
		strings.Replace(good, `"sid":"s1"`, `"sid":7`, 1),
		strings.Replace(good, `"until":`, `"until":9`, 1) + " ",
		strings.Replace(good, `"until":`, `"until":-`, 1),
		strings.Replace(good, `"iat":`, `"iat":99999999`, 1),
		strings.Replace(good, `"iat":`, `"iat":1e99,"x":`, 1),
		strings.Replace(good, `"jti":"jti of s1"`, `"jti":""`, 1),
		strings.Replace(good, issuerURL, "https://evil.example/", 1),
	}
	for n, text := range garbage {
		key := "claimgate:revocation:garbage" + number(n)
		if err := c.Set(t.Context(), key, text, time.Hour).Err(); err != nil {
			t.Fatal(err)
		}
		if err := c.Publish(t.Context(), "claimgate:revocations:0", text).Err(); err != nil {
			t.Fatal(err)
		}
	}
	c.RPush(t.Context(), "claimgate:revocation:a list", good)
	c.Set(t.Context(), "claimgate:revocation:a good entry under another's key", strings.Replace(good, "s1", "s3", 2), time.Hour)
	c.Set(t.Context(), "somebody else's", "x", time.Hour)
	// The entry of an ended session is replaced by an entry that is long over.
	c.Set(t.Context(), keys[0], strings.Replace(good, `"until":`, `"until":0,"x":`, 1), time.Hour)

	late := joined(t, s.url())
	late.end(logoutOf("s2"))
	wait.Until(t, "it goes on", func() bool { return one.ended("s2") })
	if !one.ended("s1") {
		t.Error("garbage took a revocation back")
	}
	for _, r := range []*replica{one, late} {
		if r.ended("s3") || r.endedSubject("alice") {
			t.Error("garbage revoked a session or a subject")
		}
		if n := r.times("is ignored"); n < 1 || n > 1+int(time.Since(began)/time.Minute) {
			t.Errorf("the log should warn once a minute:\n%s", r.log.String())
		}
		if strings.Contains(r.log.String(), "panic") || strings.Contains(r.log.String(), "not understood") {
			t.Errorf("a panic:\n%s", r.log.String())
		}
	}
	if n := late.known.Counts().Sessions; n != 1 {
		t.Errorf("a replica that has read only garbage and its own knows of %d sessions", n)
	}
}

// An attacker who can write to the store and knows the jti of a logout token shares an
// entry first, which claims that the jti ended another session.
func TestAnEntryUnderAForeignJTIDoesNotHideALogout(t *testing.T) {
	s := startServer(t)
	one := joined(t, s.url())
	other := joined(t, s.url())
	lie := logoutOf("harmless")
	lie.ID = "jti of s1"
	other.end(lie)
	wait.Until(t, "the false entry arrives", func() bool { return one.ended("harmless") })
	one.end(logoutOf("s1"))
	if !one.ended("s1") {
		t.Error("a signed logout token does not count because of a shared entry with its jti")
	}
}

// Logouts are shared between replicas whose clocks differ by ten minutes in either
// direction, and if one clock is set while the replica runs.
func TestClocksMayDiffer(t *testing.T) {
	s := startServer(t)
	exact, ahead, behind := joined(t, s.url()), joined(t, s.url()), joined(t, s.url())
	ahead.ahead.Store(int64(10 * time.Minute))
	behind.ahead.Store(-int64(10 * time.Minute))
	all := []*replica{exact, ahead, behind}
	for n, from := range all {
		from.end(logoutOf("s" + number(n)))
		from.end(&revocation.Logout{Issuer: "authentik", Subject: "u" + number(n), ID: "u" + number(n), IssuedAt: time.Now(), Expires: time.Now().Add(time.Minute)})
		for _, r := range all {
			wait.Until(t, "it is known", func() bool { return r.ended("s"+number(n)) && r.endedSubject("u"+number(n)) })
		}
	}
	exact.ahead.Store(int64(10 * time.Minute))
	for range 2 {
		for n, r := range all {
			for m := range all {
				if !r.ended("s"+number(m)) || !r.endedSubject("u"+number(m)) {
					t.Errorf("replica %d forgot logout %d", n, m)
				}
			}
			if r.Stale() {
				t.Errorf("replica %d is stale", n)
			}
		}
		exact.ahead.Store(-int64(10 * time.Minute))
	}
	late := joined(t, s.url())
	if n := late.known.Counts(); n.Sessions != 3 || n.Subjects != 3 {
		t.Errorf("a new replica knows of %+v", n)
	}
}

func TestAStaleCopyIsReported(t *testing.T) {
	s := startServer(t)
	r := joined(t, s.url(), func(o *shared.Options) { o.MaxStale = time.Hour })
	r.ahead.Store(int64(2 * time.Hour)) // the answer to the next ping proves again that the copy is current
	wait.Until(t, "it is fresh", func() bool { return !r.Stale() })
	s.kill()
	wait.Until(t, "it sees the outage", func() bool { return !r.State().Up })
	if r.Stale() {
		t.Error("stale at once")
	}
	r.ahead.Store(int64(3*time.Hour + time.Minute))
	if st := r.State(); !r.Stale() || !st.Stale {
		t.Errorf("%+v", st)
	}
	s.start()
	wait.Until(t, "it is fresh again", func() bool { return !r.Stale() })
}

// Entries in the store have an expiry.
func TestEntriesExpireInTheStore(t *testing.T) {
	s := startServer(t)
	c := s.client()
	one := joined(t, s.url())
	one.end(logoutOf("s1"))
	var keys []string
	wait.Until(t, "the store has the logout", func() bool { keys = c.Keys(t.Context(), "*").Val(); return len(keys) == 1 })
	if left := c.PTTL(t.Context(), keys[0]).Val(); left > 25*time.Hour || left < 25*time.Hour-10*time.Minute {
		t.Errorf("it is kept for %s, the retention is 25h", left)
	}
}

func TestAFloodOfLogouts(t *testing.T) {
	s := startServer(t)
	one, two := joined(t, s.url()), joined(t, s.url())
	const logouts = 20_000
	began := time.Now()
	var all sync.WaitGroup
	for part := range 8 {
		all.Go(func() {
			for n := range logouts / 8 {
				one.end(logoutOf("s" + number(part*logouts+n)))
			}
		})
	}
	all.Wait()
	took := wait.Until(t, "all are shared", func() bool { return two.known.Counts().Sessions == logouts })
	t.Logf("%d logouts in %s, the last known to the other replica %s later", logouts, time.Since(began), took)
	if n := one.known.Counts(); n.Sessions != logouts || n.Dropped != 0 {
		t.Errorf("%+v", n)
	}
}

func passwordAndCA(password, ca string) func(*shared.Options) {
	return func(o *shared.Options) { o.Password, o.CAFile = func() string { return password }, ca }
}

func passwordOf(f func() string) func(*shared.Options) {
	return func(o *shared.Options) { o.Password = f }
}
