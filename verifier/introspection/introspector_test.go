package introspection

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
	"github.com/claimgate/claimgate/verifier/jwks"
)

const clientSecret = "c4nary-s3cret"

func allowOnError(c *Config) { c.AllowOnError = true }

// bubble runs f in a bubble of testing/synctest, with an issuer and an Introspector that
// asks it.
func bubble(t *testing.T, f func(t *testing.T, i *idp.Issuer, in *Introspector), change ...func(*Options)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		i := idp.New(t, idp.URL, idp.RSAKey(0, idp.KidOne))
		ctx, cancel := context.WithCancel(t.Context())
		keys, err := jwks.New(ctx, jwks.Config{Name: "authentik", URL: idp.URL, CAFile: i.CAFile(t), Dial: i.Dial})
		if err != nil {
			t.Fatal(err)
		}
		o := Options{
			Issuer: "authentik", Client: keys.Client(), Now: time.Now, Notify: func(Notice) {},
			Config: Config{ClientID: idp.ClientID, ClientSecret: clientSecret, TTL: 30 * time.Second},
		}
		for _, c := range change {
			c(&o)
		}
		in := New(ctx, o)
		defer in.Close()
		defer cancel()
		f(t, i, in)
	})
}

func with(change func(*Config)) func(*Options) { return func(o *Options) { change(&o.Config) } }

// testToken is a token that a test asks about.
type testToken struct {
	t      *testing.T
	in     *Introspector
	digest [32]byte
	token  string
}

func newTestToken(t *testing.T, in *Introspector, name string) *testToken {
	token := "the token " + name
	return &testToken{t, in, sha256.Sum256([]byte(token)), token}
}

// expect asks about the token and checks the verdict and how long the request waited.
func (a *testToken) expect(want Verdict, wait time.Duration) {
	a.t.Helper()
	start := time.Now()
	if got := a.in.Judge(a.t.Context(), a.digest, a.token); got != want {
		a.t.Errorf("the verdict is %d, want %d", got, want)
	}
	if took := time.Since(start); took != wait {
		a.t.Errorf("the request waited %s, want %s", took, wait)
	}
}

func (a *testToken) wantQuestions(i *idp.Issuer, want int64) {
	a.t.Helper()
	synctest.Wait()
	if got := i.Questions.Load(); got != want {
		a.t.Errorf("the issuer was asked %d times, want %d", got, want)
	}
}

// A token counts only if the issuer calls it active, or if the issuer gives no answer and
// AllowOnError is set.
func TestVerdictsByTheIssuersAnswer(t *testing.T) {
	elsewhere := "https://evil.example/application/o/introspect/"
	moved := func(code int, to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RawQuery != "" {
				_, _ = w.Write([]byte(`{"active":true}`))
				return
			}
			http.Redirect(w, r, to, code)
		}
	}
	here := "/application/o/introspect/?again"
	for _, c := range []struct {
		name    string
		served  idp.Fault
		deny    Verdict       // with on_error deny
		allow   Verdict       // with on_error allow
		wait    time.Duration // of the first request
		problem string
	}{
		{"active", idp.Fault{}, Active, Active, 0, ""},
		{"active, with the claims", idp.Fault{Introspection: idp.Status(200, `{"active":true,"scope":"openid","sub":"alice","policy":["a"]}`)}, Active, Active, 0, ""},
		{"inactive", idp.Fault{Introspection: idp.Status(200, `{"active":false}`)}, Inactive, Inactive, 0, ""},
		{"a string", idp.Fault{Introspection: idp.Status(200, `{"active":"true"}`)}, Unknown, Active, 0, "does not say"},
		{"null", idp.Fault{Introspection: idp.Status(200, `{"active":null}`)}, Unknown, Active, 0, "does not say"},
		{"nothing of it", idp.Fault{Introspection: idp.Status(200, `{}`)}, Unknown, Active, 0, "does not say"},
		{"in another case", idp.Fault{Introspection: idp.Status(200, `{"Active":true}`)}, Unknown, Active, 0, "does not say"},
		{"a list", idp.Fault{Introspection: idp.Status(200, `[true]`)}, Unknown, Active, 0, "does not say"},
		{"both", idp.Fault{Introspection: idp.Status(200, `{"active":false,"active":true}`)}, Unknown, Active, 0, "not strict JSON"},
		{"a login page", idp.Fault{Introspection: idp.Status(200, "<html>")}, Unknown, Active, 0, "not strict JSON"},
		{"an empty body", idp.Fault{Introspection: idp.Status(200, "")}, Unknown, Active, 0, "not strict JSON"},
		{"201", idp.Fault{Introspection: idp.Status(201, `{"active":true}`)}, Unknown, Active, 0, "answered 201"},
		{"401", idp.Fault{Introspection: idp.Status(401, `{"active":true}`)}, Unknown, Active, 0, "introspection.client_id"},
		{"500", idp.Fault{Introspection: idp.Status(500, `{"active":true}`)}, Unknown, Active, 0, "answered 500"},
		{"100 MB", idp.Fault{Introspection: idp.Flood}, Unknown, Active, 0, "more than 1 MiB"},
		{"the connection breaks off", idp.Fault{Introspection: idp.BreakOff}, Unknown, Active, 0, "INTERNAL_ERROR"},
		{"connection refused", idp.Fault{Dial: idp.Fails(errors.New("connection refused"))}, Unknown, Active, 0, "connection refused"},
		{"never answered", idp.Fault{Introspection: idp.Hang}, Unknown, Active, maxWait, ""},
		{"to another host", idp.Fault{Introspection: moved(307, elsewhere)}, Unknown, Active, 0, "another origin"},
		{"to plain http", idp.Fault{Introspection: moved(308, "http://auth.example"+here)}, Unknown, Active, 0, "another origin"},
		{"elsewhere on the host", idp.Fault{Introspection: moved(307, here)}, Active, Active, 0, ""},
		{"elsewhere without the question", idp.Fault{Introspection: moved(302, here)}, Unknown, Active, 0, "drops the question"},
		{"discovery names no endpoint", idp.Fault{Discovery: idp.DiscoveryOf(idp.URL + "jwks/")}, Unknown, Active, 0, "introspection_endpoint"},
		{"discovery is down", idp.Fault{Discovery: idp.Status(503, "")}, Unknown, Active, 0, "answered 503"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for want, change := range map[Verdict]func(*Config){c.deny: func(*Config) {}, c.allow: allowOnError} {
				bubble(t, func(t *testing.T, i *idp.Issuer, in *Introspector) {
					a := newTestToken(t, in, "a")
					i.Fail(c.served)
					a.expect(want, c.wait)
					if st := in.State(); !strings.Contains(st.Error, c.problem) || (st.Error == "") != (c.problem == "") {
						t.Errorf("the state is %+v, want the error %q", st, c.problem)
					}
					if i.OtherHosts.Load() != 0 {
						t.Error("the question went to another host")
					}
				}, with(change))
			}
		})
	}
}

func TestAnAnswerCountsForItsTTL(t *testing.T) {
	bubble(t, func(t *testing.T, i *idp.Issuer, in *Introspector) {
		a, b := newTestToken(t, in, "a"), newTestToken(t, in, "b")
		answer := func(body string) {
			i.Fail(idp.Fault{Introspection: func(w http.ResponseWriter, _ *http.Request) {
				time.Sleep(time.Second)
				_, _ = w.Write([]byte(body))
			}})
		}
		answer(`{"active":true}`)
		a.expect(Active, time.Second) // the first one waits
		a.expect(Active, 0)
		a.wantQuestions(i, 1)
		b.expect(Active, time.Second) // another token, another question
		a.wantQuestions(i, 2)
		time.Sleep(12 * time.Second)
		a.expect(Active, 0)
		a.wantQuestions(i, 2)
		time.Sleep(3 * time.Second)
		answer(`{"active":false}`)
		a.expect(Active, 0) // after half of the TTL: this request asks again in the background
		a.expect(Active, 0)
		a.wantQuestions(i, 3) // nothing was asked about b
		time.Sleep(time.Second)
		synctest.Wait()
		a.expect(Inactive, 0)
		a.wantQuestions(i, 3)
		time.Sleep(time.Hour)
		b.expect(Inactive, time.Second) // b was not used, so its answer is too old
		answer(`{"active":true}`)
		b.wantQuestions(i, 4)
		time.Sleep(time.Hour)
		a.expect(Active, time.Second) // the issuer may call an inactive token active again
		if st := in.State(); *st != (State{Active: 3, Inactive: 2}) {
			t.Errorf("the counts are %+v", st)
		}
	})
}

func TestAnOutageOfIntrospection(t *testing.T) {
	for _, mode := range []string{"deny", "allow"} {
		t.Run(mode, func(t *testing.T) {
			change, unknown := func(*Config) {}, Unknown
			if mode == "allow" {
				change, unknown = allowOnError, Active
			}
			var failing []bool
			var mu sync.Mutex
			notify := func(o *Options) {
				o.Notify = func(n Notice) {
					mu.Lock()
					defer mu.Unlock()
					if n.Issuer != "authentik" || n.Err != nil && strings.Contains(n.Err.Error(), clientSecret) {
						t.Errorf("the notice is %+v", n)
					}
					failing = append(failing, n.Err != nil)
				}
			}
			bubble(t, func(t *testing.T, i *idp.Issuer, in *Introspector) {
				good, gone := newTestToken(t, in, "good"), newTestToken(t, in, "gone")
				good.expect(Active, 0)
				i.Fail(idp.Fault{Introspection: idp.Status(200, `{"active":false}`)})
				gone.expect(Inactive, 0)
				i.Fail(idp.Fault{Introspection: idp.Hang})
				time.Sleep(15 * time.Second)
				good.expect(Active, 0) // asks in the background
				time.Sleep(14 * time.Second)
				good.expect(Active, 0)
				time.Sleep(time.Second)
				good.expect(unknown, 2*time.Second) // the answer is too old, and the issuer does not answer
				gone.expect(Inactive, 2*time.Second)
				newTestToken(t, in, "new").expect(unknown, 2*time.Second)
				time.Sleep(5 * time.Second)
				for n := range 100 { // during an outage no request waits
					newTestToken(t, in, fmt.Sprint("later", n)).expect(unknown, 0)
				}
				good.expect(unknown, 0)
				gone.expect(Inactive, 0)
				time.Sleep(10 * time.Second)
				i.Fail(idp.Fault{})
				good.expect(Active, 0) // the outage may be over: a request waits again
				gone.expect(Active, 0)
				synctest.Wait()
			}, with(change), notify)
			if got := fmt.Sprint(failing); got != "[true false]" {
				t.Errorf("the outage was reported as %s", got)
			}
		})
	}
}

// An issuer that fails for one token only is not in an outage. During an outage a new token would count
// without an answer.
func TestOneBadTokenMakesNoOutage(t *testing.T) {
	bubble(t, func(t *testing.T, i *idp.Issuer, in *Introspector) {
		bad := newTestToken(t, in, "bad")
		i.Fail(idp.Fault{Introspection: idp.Status(500, "")})
		for range 5 {
			bad.expect(Active, 0) // because of AllowOnError
			time.Sleep(1100 * time.Millisecond)
		}
		i.Fail(idp.Fault{Introspection: idp.Status(200, `{"active":false}`)})
		newTestToken(t, in, "revoked").expect(Inactive, 0)
	}, with(allowOnError))
	bubble(t, func(t *testing.T, i *idp.Issuer, in *Introspector) {
		i.Fail(idp.Fault{Introspection: idp.Status(500, "")})
		for n := range outageFailures {
			newTestToken(t, in, fmt.Sprint("one of several", n)).expect(Active, 0)
		}
		i.Fail(idp.Fault{Introspection: idp.Hang})
		newTestToken(t, in, "during the outage").expect(Active, 0)
	}, with(allowOnError))
}

// All requests with one token share one question. At most sixteen questions run at once for
// all tokens together.
func TestQuestionsAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T, i *idp.Issuer, in *Introspector) {
		var most, now atomic.Int64
		i.Fail(idp.Fault{Introspection: func(w http.ResponseWriter, _ *http.Request) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			time.Sleep(100 * time.Millisecond)
			_, _ = w.Write([]byte(`{"active":true}`))
		}})
		first := newTestToken(t, in, "one")
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { first.expect(Active, 100*time.Millisecond) })
		}
		all.Wait()
		first.wantQuestions(i, 1)
		for n := range 160 {
			a := newTestToken(t, in, fmt.Sprint(n))
			all.Go(func() {
				if a.in.Judge(t.Context(), a.digest, a.token) != Active {
					t.Error("not active")
				}
			})
		}
		all.Wait()
		first.wantQuestions(i, 161)
		if most.Load() != maxConcurrent {
			t.Errorf("%d questions were under way at once, want %d", most.Load(), maxConcurrent)
		}

		s := in
		s.mu.Lock()
		if s.pending != 0 {
			t.Errorf("%d questions are pending after all were answered", s.pending)
		}
		s.pending = maxPending // no further question may wait
		s.mu.Unlock()
		late := newTestToken(t, in, "late")
		late.expect(Unknown, 0)
		s.mu.Lock()
		s.pending = 0
		s.mu.Unlock()
		late.expect(Active, 100*time.Millisecond)

		end := make(chan struct{})
		for range maxConcurrent { // take every turn
			go s.turns.Do(t.Context(), func() bool { <-end; return true })
		}
		synctest.Wait()
		newTestToken(t, in, "without a turn").expect(Unknown, maxWait)
		time.Sleep(questionTime)
		if st := s.State(); !strings.Contains(st.Error, "wait for their turn") {
			t.Errorf("the state is %+v", st)
		}
		close(end)
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		gone := newTestToken(t, in, "its client has gone")
		if in.Judge(ctx, gone.digest, gone.token) != Unknown {
			t.Error("a verdict without an answer")
		}
		time.Sleep(time.Second) // the question goes on without its client
		gone.expect(Active, 0)
	})
}

// The credentials are in the body of the question and nowhere else.
func TestAQuestionAndItsErrorKeepTheSecrets(t *testing.T) {
	bubble(t, func(t *testing.T, i *idp.Issuer, in *Introspector) {
		var sent url.Values
		i.Fail(idp.Fault{Introspection: func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			sent, _ = url.ParseQuery(string(body))
			if r.Method != http.MethodPost || r.URL.RawQuery != "" || r.Header.Get("Authorization") != "" {
				t.Errorf("%s %s with %v", r.Method, r.URL, r.Header)
			}
			w.WriteHeader(http.StatusBadGateway)
		}})
		a := newTestToken(t, in, "a")
		in.Judge(t.Context(), a.digest, a.token)
		if sent.Get("token") != a.token || sent.Get("client_id") != idp.ClientID || sent.Get("client_secret") != clientSecret || len(sent) != 3 {
			t.Error("the question is not as RFC 7662 section 2.1 demands")
		}
		said := fmt.Sprintf("%+v", *in.State())
		for _, secret := range []string{clientSecret, a.token} {
			if strings.Contains(said, secret) {
				t.Errorf("the state shows a secret: %s", said)
			}
		}
	})
}

func TestAGivenEndpointNeedsNoDiscovery(t *testing.T) {
	bubble(t, func(t *testing.T, i *idp.Issuer, in *Introspector) {
		i.Fail(idp.Fault{Discovery: idp.Status(500, "")})
		newTestToken(t, in, "a").expect(Active, 0)
		if _, err := in.send(t.Context(), "https://%zz", ""); err == nil {
			t.Error("a question was sent to an invalid address")
		}
	}, with(func(i *Config) { i.Endpoint = "https://auth.example/application/o/introspect/" }))
}

func TestNobodyIsAskedIfIntrospectionIsOff(t *testing.T) {
	var off *Introspector
	off.Close()
	if off.State() != nil {
		t.Error("a state although introspection is off")
	}
}

// A panic inside a library counts as a question without an answer.
func TestAQuestionThatPanics(t *testing.T) {
	bubble(t, func(t *testing.T, _ *idp.Issuer, in *Introspector) {
		s := in
		sound := s.http.Transport
		s.http.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			body, _ := io.ReadAll(r.Body)
			panic(string(body))
		})
		a := newTestToken(t, in, "a")
		for range 2 * maxConcurrent { // more than there are turns
			a.expect(Unknown, 0)
			time.Sleep(failureTTL)
		}
		st := s.State()
		if !strings.Contains(st.Error, "panic") || st.Failed != 2*maxConcurrent {
			t.Errorf("the state is %+v", st)
		}
		if strings.Contains(st.Error, clientSecret) || strings.Contains(st.Error, a.token) {
			t.Error("the state shows a secret")
		}
		time.Sleep(questionTime)
		s.http.Transport = sound
		a.expect(Active, 0)
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// If there are too many fresh answers, answers that allow are evicted first, because they
// are asked for again. Denials are evicted only if that is not enough.
func TestDenialsAreEvictedLast(t *testing.T) {
	now := idp.Now
	name := func(n int) (d [32]byte) { copy(d[:], fmt.Sprint(n)); return d }
	fill := func(inactive int) (left int) {
		i := &Introspector{config: Config{TTL: time.Minute}, answers: make(map[[32]byte]*answer), evictAt: maxAnswers}
		i.mu.Lock()
		defer i.mu.Unlock()
		for n := range maxAnswers + 1 {
			e := i.add(name(n), now)
			e.received, e.active = now, n >= inactive
		}
		if len(i.answers) > maxAnswers*3/4+1 {
			t.Errorf("%d tokens are remembered", len(i.answers))
		}
		for _, e := range i.answers {
			if !e.active {
				left++
			}
		}
		return left
	}
	if left := fill(maxAnswers / 2); left != maxAnswers/2 {
		t.Errorf("of %d denials %d are left, want all, because there was room", maxAnswers/2, left)
	}
	if left := fill(maxAnswers); left != maxAnswers*3/4 {
		t.Errorf("%d denials are left, want three quarters of maxAnswers", left)
	}
}

// The number of answers is bounded, and old denials stay longer than other old answers.
func TestOldAnswersAreEvicted(t *testing.T) {
	now := idp.Now
	i := &Introspector{config: Config{TTL: time.Minute}, answers: make(map[[32]byte]*answer), evictAt: 1024}
	name := func(n int) (d [32]byte) { copy(d[:], fmt.Sprint(n)); return d }
	i.mu.Lock()
	defer i.mu.Unlock()
	inactive, busy := i.add(name(-1), now), i.add(name(-2), now)
	inactive.received = now.Add(-time.Hour)
	busy.flight = make(chan struct{})
	for n := range 1023 {
		i.add(name(n), now).received, i.answers[name(n)].active = now.Add(-time.Hour), true
	}
	if len(i.answers) != 3 || i.answers[name(-1)] != inactive || i.answers[name(-2)] != busy {
		t.Errorf("%d tokens are remembered", len(i.answers))
	}
	for n := range 2 * maxAnswers {
		i.add(name(n), now).received, i.answers[name(n)].active = now, true
	}
	if len(i.answers) > maxAnswers || len(i.answers) < maxAnswers/2 || i.answers[name(-2)] != busy {
		t.Errorf("%d tokens are remembered", len(i.answers))
	}
}

func TestAnIncompleteConfigurationIsAnError(t *testing.T) {
	good := Config{ClientID: idp.ClientID, ClientSecret: clientSecret, TTL: time.Minute, Endpoint: "https://auth.example/introspect/"}
	for _, c := range []Config{{}, good} {
		if err := c.Validate(false); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
	for name, change := range map[string]func(*Config){
		"no secret":              func(c *Config) { c.ClientSecret = "" },
		"no ttl":                 func(c *Config) { c.TTL = 0 },
		"an endpoint in clear":   func(c *Config) { c.Endpoint = "http://auth.example/introspect/" },
		"an endpoint, not a URL": func(c *Config) { c.Endpoint = "introspect" },
	} {
		c := good
		change(&c)
		if err := c.Validate(false); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
