package verifier

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
	"github.com/claimgate/claimgate/internal/testsupport/occupy"
	"github.com/claimgate/claimgate/verifier/internal/pool"
)

// took returns a check that takes a millisecond of a bubble's time.
func took(good bool) func() bool {
	return func() bool { time.Sleep(time.Millisecond); return good }
}

// wantTime checks that exactly want milliseconds have passed since the given time.
func wantTime(t *testing.T, since time.Time, want int64, what string) {
	t.Helper()
	if got := time.Since(since); got != time.Duration(want)*time.Millisecond {
		t.Errorf("%s took %s, want %dms", what, got, want)
	}
}

// Forgeries of one credential are checked one at a time, with a rest after each. It does not
// matter whether they arrive together or one after another.
func TestForgeriesOfOneCredentialTakeAnEighthOfACore(t *testing.T) {
	const n = 10
	for _, together := range []bool{true, false} {
		t.Run(fmt.Sprint("together ", together), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mallory := newCredentials(checkPool{Pool: pool.New(1, 512, maxCheckWait)}).named("mallory")
				var running atomic.Int64
				forgery := func() {
					if err := mallory.check(t.Context(), func() bool {
						if running.Add(1) > 1 {
							t.Error("two are checked at once")
						}
						defer running.Add(-1)
						return took(false)()
					}); err != nil {
						t.Error(err)
					}
				}
				start := time.Now()
				var flood sync.WaitGroup
				for range n {
					if together {
						flood.Go(forgery)
					} else {
						forgery()
					}
				}
				flood.Wait()
				wantTime(t, start, n*8-7, "n forgeries") // no rest after the last
			})
		})
	}
}

// The rests of forgeries whose checks begin together add up.
func TestForgeriesThatBeginTogetherRestForEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mallory := newCredentials(checkPool{Pool: pool.New(4, 512, maxCheckWait)}).named("mallory")
		start := time.Now()
		var flood sync.WaitGroup
		for range 10 {
			flood.Go(func() { _ = mallory.check(t.Context(), took(false)) })
		}
		flood.Wait()
		wantTime(t, start, 1+4*7+1+5*8, "4 forgeries at once and 6 in turn")
	})
}

// During a flood a new good token of another credential waits for at most the one
// running check, and is never refused.
func TestAFloodOfOneCredentialDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newCredentials(checkPool{Pool: pool.New(1, 512, maxCheckWait)})
		mallory, alice := b.named("mallory"), b.named("alice")
		var over atomic.Bool
		var flood sync.WaitGroup
		defer flood.Wait()
		defer over.Store(true)
		for range 300 {
			flood.Go(func() {
				for !over.Load() {
					if mallory.check(t.Context(), took(false)) != nil {
						time.Sleep(700 * time.Microsecond)
					}
				}
			})
		}
		for n := range 60 {
			time.Sleep(time.Duration(n%17) * 300 * time.Microsecond)
			start := time.Now()
			if err := alice.check(t.Context(), took(true)); err != nil {
				t.Errorf("the good token %d: %v", n, err)
				return
			}
			if took := time.Since(start); took > 2*time.Millisecond {
				t.Errorf("the good token %d took %s", n, took)
				return
			}
		}
	})
}

// As long as no check fails, every slot is used. After a failure only half of the slots are used, for the
// tokens of every credential, until no check has failed for failureMemory.
func TestAFailureNarrowsThePool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCredentials(newCheckPool(4, 2, 1000))
		alice := c.named("alice")
		batch := func() time.Duration {
			start := time.Now()
			var clients sync.WaitGroup
			for range 40 {
				clients.Go(func() {
					if err := alice.check(t.Context(), took(true)); err != nil {
						t.Error(err)
					}
				})
			}
			clients.Wait()
			return time.Since(start)
		}
		if took := batch(); took != 10*time.Millisecond {
			t.Errorf("40 checks by four took %s", took)
		}
		time.Sleep(time.Hour)
		_ = c.named("mallory").check(t.Context(), took(false))
		if took := batch(); took != 20*time.Millisecond {
			t.Errorf("40 checks after a failure took %s, want those of two at a time", took)
		}
		var refused atomic.Int64
		var flood sync.WaitGroup
		crowded := newCredentials(newCheckPool(2, 1, 4))
		_ = crowded.named("mallory").check(t.Context(), took(false))
		for range 10 {
			flood.Go(func() {
				if err := crowded.named("alice").check(t.Context(), took(true)); err != nil {
					refused.Add(1)
				}
			})
		}
		flood.Wait()
		if refused.Load() != 5 {
			t.Errorf("%d of 10 are refused where one runs and four may wait", refused.Load())
		}
		time.Sleep(failureMemory)
		if took := batch(); took != 10*time.Millisecond {
			t.Errorf("40 checks after a while took %s", took)
		}
	})
}

// Good tokens of one credential use every slot of the pool.
func TestGoodTokensOfOneCredentialAreCheckedInParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alice := newCredentials(checkPool{Pool: pool.New(4, 512, maxCheckWait)}).named("alice")
		start := time.Now()
		var clients sync.WaitGroup
		for range 400 {
			clients.Go(func() {
				if err := alice.check(t.Context(), took(true)); err != nil {
					t.Error(err)
				}
			})
		}
		clients.Wait()
		wantTime(t, start, 100, "400 by four")
		if alice.queue.Load() != nil {
			t.Error("a credential with good tokens has a queue")
		}
	})
}

// At most maxQueued checks of a credential that presents forgeries wait, and none of them in
// the pool. A check that waits too long is refused, and the error says why.
func TestTheQueueOfACredentialIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pool.New(2, 512, maxCheckWait)
		mallory := newCredentials(checkPool{Pool: p}).named("mallory")
		_ = mallory.check(t.Context(), took(false))
		time.Sleep(time.Second)
		start := time.Now()
		refused := func(after time.Duration) {
			err := mallory.check(t.Context(), took(true))
			if ReasonOf(asError(err)) != Overloaded || !strings.Contains(err.Detail, "of this credential failed") {
				t.Errorf("want a word on the credential, got %v", err)
			}
			if took := time.Since(start); took != after {
				t.Errorf("refused after %s, want %s", took, after)
			}
		}
		var others sync.WaitGroup
		others.Go(func() { _ = mallory.check(t.Context(), func() bool { time.Sleep(time.Second); return false }) })
		synctest.Wait()
		if mallory.full() {
			t.Error("the queue is full before a check waits")
		}
		for range maxQueued {
			others.Go(func() { refused(maxCheckWait) })
		}
		synctest.Wait()
		refused(0)
		if !mallory.full() {
			t.Error("the queue is not full")
		}
		if p.InFlight() != 1 {
			t.Errorf("%d checks run or wait in the pool, want one", p.InFlight())
		}
		others.Wait()
	})
}

// asError keeps a nil *Error nil.
func asError(err *Error) error {
	if err == nil {
		return nil
	}
	return err
}

// Sessions that come back together wait for each other: no check is refused as long as nobody forges. After a failure
// the same checks would be too many.
func TestAHerdOfGoodTokensWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, forged := range []bool{false, true} {
			b := newCredentials(newCheckPool(2, 1, 4096))
			if forged {
				_ = b.named("mallory").check(t.Context(), took(false))
			}
			var herd sync.WaitGroup
			var refused atomic.Int64
			for n := range 3000 {
				herd.Go(func() {
					if b.named(fmt.Sprint("session ", n)).check(t.Context(), took(true)) != nil {
						refused.Add(1)
					}
				})
			}
			herd.Wait()
			if got := refused.Load(); (got > 0) != forged {
				t.Errorf("after a forgery: %v; %d good tokens are refused", forged, got)
			}
		}
	})
}

// After a failure a check waits maxCheckWait for both pools together, also if checks from before the failure fill the
// wide one.
func TestAfterAFailureBothPoolsShareOneWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newCheckPool(1, 1, 4096)
		release := occupy.Slot(t, p.Pool)
		defer release()
		p.limit.failed()
		start := time.Now()
		if err := p.check(t.Context(), took(true)); ReasonOf(asError(err)) != Overloaded || time.Since(start) != maxCheckWait {
			t.Errorf("%v after %s, want a refusal after %s", err, time.Since(start), maxCheckWait)
		}
	})
}

// A check waits at most maxCheckWait, for the rest and for a slot of the pool together.
func TestNoCheckWaitsLongerThanMaxCheckWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pool.New(1, 512, maxCheckWait)
		mallory := newCredentials(checkPool{Pool: p}).named("mallory")
		full := func(after time.Duration, detail string) {
			t.Helper()
			start := time.Now()
			err := mallory.check(t.Context(), took(true))
			if ReasonOf(asError(err)) != Overloaded || !strings.Contains(err.Detail, detail) {
				t.Errorf("got %v, want that %s", err, detail)
			}
			if took := time.Since(start); took != after {
				t.Errorf("refused after %s, want %s", took, after)
			}
		}
		mallory.failed(10 * time.Millisecond)
		release := occupy.Slot(t, p) // a check that takes long
		full(maxCheckWait, "too many signatures")
		release()
		mallory.failed(10 * time.Millisecond)
		time.AfterFunc(69*time.Millisecond, func() { mallory.failed(time.Hour) }) // a check that began before
		time.AfterFunc(300*time.Millisecond, func() { mallory.failed(time.Hour) })
		full(maxCheckWait, "of this credential failed")
	})
}

// After a machine stood still during a check, the credential's next check gets its turn.
func TestARestIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alice := newCredentials(checkPool{Pool: pool.New(1, 512, maxCheckWait)}).named("alice")
		alice.failed(time.Hour)
		alice.failed(time.Hour)
		start := time.Now()
		if err := alice.check(t.Context(), took(true)); err != nil {
			t.Error(err)
		}
		wantTime(t, start, maxRest.Milliseconds()+1, "a good token after a rest")
	})
}

// The failures of a credential are forgotten after a good check in the queue, and after
// failureMemory. They are not forgotten after a good check that began before the failure.
func TestWhenFailuresOfACredentialAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newCredentials(checkPool{Pool: pool.New(2, 512, maxCheckWait)})
		alice := b.named("alice")
		want := func(want bool, when string) {
			t.Helper()
			if alice.failedLately() != want {
				t.Errorf("%s: failed lately %v, want %v", when, !want, want)
			}
		}
		want(false, "at first")
		_ = alice.check(t.Context(), func() bool { // good, but beside one that fails
			_ = alice.check(t.Context(), took(false))
			return true
		})
		want(true, "after a failure")
		_ = alice.check(t.Context(), took(false))
		want(true, "after another")
		start := time.Now()
		_ = alice.check(t.Context(), took(true))
		wantTime(t, start, 8, "a good check in its turn")
		want(false, "after a good check in its turn")
		_ = alice.check(t.Context(), took(false))
		time.Sleep(failureMemory - 1)
		want(true, "just before the end")
		time.Sleep(time.Nanosecond)
		want(false, "at the end")
	})
}

// A million credentials neither enlarge the table nor start goroutines.
func TestAMillionCredentialsTakeNoMemory(t *testing.T) {
	const million = 1_000_000
	b := newCredentials(checkPool{Pool: pool.New(1, 1, maxCheckWait)})
	queues := func() (n int) {
		for i := range b.queues {
			if b.queues[i].Load() != nil {
				n++
			}
		}
		return n
	}
	goroutines := runtime.NumGoroutine()
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	good := func() bool { return true }
	for n := range million {
		if err := b.named(strconv.Itoa(n)).check(t.Context(), good); err != nil {
			t.Fatal(err)
		}
	}
	if n := queues(); n != 0 {
		t.Errorf("credentials with good tokens have %d queues", n)
	}
	for n := range million {
		b.named(strconv.Itoa(n)).failed(time.Nanosecond)
	}
	if n := queues(); n != credentialSlots {
		t.Errorf("a million names use %d queues, want all %d", n, credentialSlots)
	}
	if grown := int64(heap() - before); grown > 2<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines, %d before", n, goroutines)
	}
	runtime.KeepAlive(b)
}

// present verifies a token that a credential presents, and checks the reason.
func present(t *testing.T, v *Verifier, by, token string, want Reason) {
	t.Helper()
	_, err := v.Verify(t.Context(), token, Presented{By: by})
	wantReason(t, err, want)
}

// wantSuspects checks which of four credentials have failed lately.
func wantSuspects(t *testing.T, v *Verifier, want ...string) {
	t.Helper()
	var got []string
	for _, name := range []string{"", "alice", "bob", "mallory"} {
		if v.credentials.named(name).failedLately() {
			got = append(got, strconv.Quote(name))
		}
	}
	for i := range want {
		want[i] = strconv.Quote(want[i])
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("suspects are %v, want %v", got, want)
	}
}

// useDistinctQueues makes the names of wantSuspects use different queues. With a random seed,
// two names share a queue about once in a thousand times.
func useDistinctQueues(t *testing.T, v *Verifier) {
	t.Helper()
	for {
		seen := map[any]bool{}
		for _, name := range []string{"", "alice", "bob", "mallory"} {
			seen[v.credentials.named(name).queue] = true
		}
		if len(seen) == 4 {
			return
		}
		v.credentials = newCredentials(v.credentials.pool)
	}
}

// During the rest of a credential, its cached tokens are answered at once, and its new tokens
// after the rest. Tokens of other credentials are answered at once. Options.Now stands still
// in this test: it does not affect the rest.
func TestARestingCredential(t *testing.T) {
	one, forger := idp.RSAKey(0, idp.KidOne), idp.RSAKey(1, idp.KidOne)
	bubble(t, func(t *testing.T, _ *idp.Issuer, v *Verifier) {
		useDistinctQueues(t, v)
		token := func(jti string) string { return one.Token(idp.IDClaims(v.now()).With("jti", jti)) }
		warm := token("warm")
		present(t, v, "mallory", warm, "")
		v.cache.good.cache.Wait()
		forgery := forger.Token(idp.IDClaims(v.now()))
		present(t, v, "mallory", forgery, Signature)
		v.cache.bad.cache.Wait()
		wantSuspects(t, v, "mallory")
		v.credentials.named("mallory").failed(10 * time.Millisecond) // RSA takes no time in a bubble
		start := time.Now()
		present(t, v, "mallory", warm, "")
		present(t, v, "mallory", forgery, Signature) // cached as well
		present(t, v, "mallory", bogusTokens(1)[0], UnknownKey)
		present(t, v, "alice", token("alice's"), "")
		present(t, v, "", token("nobody's"), "")
		wantTime(t, start, 0, "what is no new token of hers")
		present(t, v, "mallory", token("new"), "")
		wantTime(t, start, 70, "her new token")
		wantSuspects(t, v)
		present(t, v, "mallory", token("newer"), "")
		wantTime(t, start, 70, "the one after it")
	}, func(o *Options) {
		at := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
		o.Now = func() time.Time { return at }
	})
}

// Only a bad signature counts as a failed check. In a bubble, because a failure and a forgery are remembered for
// seconds.
func TestOnlyAForgedSignatureCostsItsBearer(t *testing.T) {
	synctest.Test(t, onlyAForgedSignatureCostsItsBearer)
}

func onlyAForgedSignatureCostsItsBearer(t *testing.T) {
	one, two, forger := idp.RSAKey(0, idp.KidOne), idp.RSAKey(1, idp.KidOne), idp.RSAKey(2, idp.KidOne)
	v := offline(t, idp.JWKSOf(one, two), func(o *Options) { o.Checks = 1 })
	useDistinctQueues(t, v)
	for n, c := range []struct {
		token string
		want  Reason
	}{
		{one.Token(idp.IDClaims(idp.Now)), ""},
		{two.Token(idp.IDClaims(idp.Now)), ""}, // the second of two keys with the kid
		{one.Token(idp.IDClaims(idp.Now), "kid", "stray"), UnknownKey},
		{one.Token(idp.IDClaims(idp.Now).With("aud", "another")), WrongAudience},
		{one.Token(idp.IDClaims(idp.Now).With("exp", idp.Now.Unix()-60)), Expired},
		{one.Token(idp.IDClaims(idp.Now), "alg", "ES256"), Algorithm},
		{"a.b.c", Malformed},
	} {
		present(t, v, "alice", c.token, c.want)
		if v.credentials.named("alice").failedLately() {
			t.Errorf("the token %d makes a suspect", n)
		}
	}
	forgery := forger.Token(idp.IDClaims(idp.Now))
	present(t, v, "mallory", forgery, Signature)
	v.cache.bad.cache.Wait()
	present(t, v, "bob", forgery, Signature) // from the cache
	wantSuspects(t, v, "mallory")
	present(t, v, "", forger.Token(idp.IDClaims(idp.Now).With("jti", "another")), Signature)
	wantSuspects(t, v, "", "mallory")
}

// If several credentials present the same forgery at once, only the first credential is delayed.
func TestASharedCheckCostsTheFirstCredential(t *testing.T) {
	forger := idp.RSAKey(1, idp.KidOne)
	bubble(t, func(t *testing.T, _ *idp.Issuer, v *Verifier) {
		useDistinctQueues(t, v)
		forgery := forger.Token(idp.IDClaims(time.Now()))
		release := occupy.Slot(t, v.checks())
		var clients sync.WaitGroup
		for _, by := range []string{"mallory", "alice", "bob"} {
			clients.Go(func() { present(t, v, by, forgery, Signature) })
			synctest.Wait()
		}
		release()
		clients.Wait()
		wantSuspects(t, v, "mallory")
	}, func(o *Options) { o.Checks = 1 })
}

// A refusal because of the queue is not cached.
func TestATokenThatGotNoTurnIsNotCached(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	bubble(t, func(t *testing.T, _ *idp.Issuer, v *Verifier) {
		token := one.Token(idp.IDClaims(time.Now()))
		v.credentials.named("alice").failed(time.Millisecond)
		l := v.credentials.named("alice").queue.Load()
		release := occupy.Slot(t, l.turn)
		_, err := v.Verify(t.Context(), token, Presented{By: "alice"})
		if !errors.Is(err, &Error{Reason: Overloaded}) {
			t.Errorf("got %v", err)
		}
		release()
		v.cache.bad.cache.Wait()
		present(t, v, "alice", token, "")
	})
}

// If the queue of a credential is full, its new tokens are not read. Its cached tokens
// count.
func TestATokenForAFullQueueIsNotRead(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	bubble(t, func(t *testing.T, _ *idp.Issuer, v *Verifier) {
		warm := one.Token(idp.IDClaims(v.now()).With("jti", "warm"))
		present(t, v, "mallory", warm, "")
		v.cache.good.cache.Wait()
		mallory := v.credentials.named("mallory")
		mallory.failed(time.Millisecond)
		l := mallory.queue.Load()
		release := occupy.Slot(t, l.turn)
		var waiting sync.WaitGroup
		wait := func() { l.turn.Do(t.Context(), func() bool { return true }) }
		for range maxQueued - 1 {
			waiting.Go(wait)
		}
		synctest.Wait()
		present(t, v, "mallory", "no token at all", Malformed)
		waiting.Go(wait)
		synctest.Wait()
		present(t, v, "mallory", "no token at all", Overloaded)
		present(t, v, "mallory", one.Token(idp.IDClaims(v.now())), Overloaded)
		present(t, v, "mallory", warm, "")
		present(t, v, "alice", "no token at all", Malformed)
		release()
		waiting.Wait()
	})
}

// If a shared check got no turn because of the first credential's queue, another credential gets
// a check of its own.
func TestNoCredentialIsRefusedForTheQueueOfAnother(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	bubble(t, func(t *testing.T, _ *idp.Issuer, v *Verifier) {
		useDistinctQueues(t, v)
		mallory := v.credentials.named("mallory")
		mallory.failed(time.Millisecond)
		turn := mallory.queue.Load().turn
		release := occupy.Slot(t, turn) // another check has the turn
		token := one.Token(idp.IDClaims(v.now()))
		var clients sync.WaitGroup
		clients.Go(func() { present(t, v, "mallory", token, Overloaded) })
		synctest.Wait()
		clients.Go(func() { present(t, v, "alice", token, "") })
		clients.Wait()
		release()
	})
}
