package verifier

import (
	"context"
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
)

const clientSecret = "c4nary-s3cret"

// introspecting turns introspection on.
func introspecting(change ...func(*Introspection)) func(*Options) {
	return func(o *Options) {
		o.Issuers[0].Introspection = Introspection{ClientID: clientID, ClientSecret: clientSecret, TTL: 30 * time.Second}
		for _, f := range change {
			f(&o.Issuers[0].Introspection)
		}
	}
}

func allowing(i *Introspection) { i.AllowOnError = true }

// asks is a token that is asked about.
type asks struct {
	t     *testing.T
	v     *Verifier
	id    *Identity
	token string
}

func asking(t *testing.T, v *Verifier, name string) *asks {
	t.Helper()
	token := rsaKey(0, kidOne).token(idClaims(time.Now()).with("jti", name, "exp", time.Now().Unix()+24*3600))
	id, err := v.Verify(t.Context(), token, Presented{})
	if err != nil {
		t.Fatal(err)
	}
	return &asks{t, v, id, token}
}

// expect asks and checks the reason and how long the request had to wait.
func (a *asks) expect(want Reason, wait time.Duration) {
	a.t.Helper()
	start := time.Now()
	wantReason(a.t, a.v.Introspect(a.t.Context(), a.id, a.token), want)
	if took := time.Since(start); took != wait {
		a.t.Errorf("the request waited %s, want %s", took, wait)
	}
}

func (a *asks) questions(i *idp, want int64) {
	a.t.Helper()
	synctest.Wait()
	if got := i.questions.Load(); got != want {
		a.t.Errorf("the issuer was asked %d times, want %d", got, want)
	}
}

// Whatever the issuer serves, a token counts only where it says so, or where that
// was chosen for the time in which it says nothing.
func TestWhatTheIssuerSaysOfAToken(t *testing.T) {
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
		served  fault
		deny    Reason        // with on_error deny
		allow   Reason        // with on_error allow
		wait    time.Duration // of the first request
		problem string
	}{
		{"active", fault{}, "", "", 0, ""},
		{"active, with the claims", fault{lives: status(200, `{"active":true,"scope":"openid","sub":"alice","policy":["a"]}`)}, "", "", 0, ""},
		{"inactive", fault{lives: status(200, `{"active":false}`)}, Inactive, Inactive, 0, ""},
		{"a string", fault{lives: status(200, `{"active":"true"}`)}, RevocationUnknown, "", 0, "does not say"},
		{"null", fault{lives: status(200, `{"active":null}`)}, RevocationUnknown, "", 0, "does not say"},
		{"nothing of it", fault{lives: status(200, `{}`)}, RevocationUnknown, "", 0, "does not say"},
		{"in another case", fault{lives: status(200, `{"Active":true}`)}, RevocationUnknown, "", 0, "does not say"},
		{"a list", fault{lives: status(200, `[true]`)}, RevocationUnknown, "", 0, "does not say"},
		{"both", fault{lives: status(200, `{"active":false,"active":true}`)}, RevocationUnknown, "", 0, "not strict JSON"},
		{"a login page", fault{lives: status(200, "<html>")}, RevocationUnknown, "", 0, "not strict JSON"},
		{"an empty body", fault{lives: status(200, "")}, RevocationUnknown, "", 0, "not strict JSON"},
		{"201", fault{lives: status(201, `{"active":true}`)}, RevocationUnknown, "", 0, "answered 201"},
		{"401", fault{lives: status(401, `{"active":true}`)}, RevocationUnknown, "", 0, "introspection.client_id"},
		{"500", fault{lives: status(500, `{"active":true}`)}, RevocationUnknown, "", 0, "answered 500"},
		{"100 MB", fault{lives: flood}, RevocationUnknown, "", 0, "more than 1 MiB"},
		{"the connection breaks off", fault{lives: breakOff}, RevocationUnknown, "", 0, "INTERNAL_ERROR"},
		{"connection refused", fault{dial: fails(errors.New("connection refused"))}, RevocationUnknown, "", 0, "connection refused"},
		{"never answered", fault{lives: hang}, RevocationUnknown, "", introspectPatience, ""},
		{"to another host", fault{lives: moved(307, elsewhere)}, RevocationUnknown, "", 0, "another origin"},
		{"to plain http", fault{lives: moved(308, "http://auth.example"+here)}, RevocationUnknown, "", 0, "another origin"},
		{"elsewhere on the host", fault{lives: moved(307, here)}, "", "", 0, ""},
		{"elsewhere without the question", fault{lives: moved(302, here)}, RevocationUnknown, "", 0, "drops the question"},
		{"discovery names no endpoint", fault{configs: config(issuerURL + "jwks/")}, RevocationUnknown, "", 0, "introspection_endpoint"},
		{"discovery is down", fault{configs: status(503, "")}, RevocationUnknown, "", 0, "answered 503"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for want, change := range map[Reason]func(*Introspection){c.deny: func(*Introspection) {}, c.allow: allowing} {
				bubble(t, func(t *testing.T, i *idp, v *Verifier) {
					a := asking(t, v, "a")
					i.suffer(c.served)
					a.expect(want, c.wait)
					if st := v.States()[0].Introspection; !strings.Contains(st.Error, c.problem) || (st.Error == "") != (c.problem == "") {
						t.Errorf("the state is %+v, want the error %q", st, c.problem)
					}
					if i.elsewhere.Load() != 0 {
						t.Error("the question went to another host")
					}
				}, introspecting(change))
			}
		})
	}
}

func TestAnAnswerCountsForItsTTL(t *testing.T) {
	bubble(t, func(t *testing.T, i *idp, v *Verifier) {
		a, b := asking(t, v, "a"), asking(t, v, "b")
		answer := func(body string) {
			i.suffer(fault{lives: func(w http.ResponseWriter, _ *http.Request) {
				time.Sleep(time.Second)
				_, _ = w.Write([]byte(body))
			}})
		}
		answer(`{"active":true}`)
		a.expect("", time.Second) // the first one waits
		a.expect("", 0)
		a.questions(i, 1)
		b.expect("", time.Second) // another token, another question
		a.questions(i, 2)
		time.Sleep(12 * time.Second)
		a.expect("", 0)
		a.questions(i, 2)
		time.Sleep(3 * time.Second)
		answer(`{"active":false}`)
		a.expect("", 0) // half of the TTL: asked for again in the background
		a.expect("", 0)
		a.questions(i, 3) // b's is older
		time.Sleep(time.Second)
		synctest.Wait()
		a.expect(Inactive, 0)
		a.questions(i, 3)
		time.Sleep(time.Hour)
		b.expect(Inactive, time.Second) // it was not used: what was said of it is too old
		answer(`{"active":true}`)
		b.questions(i, 4)
		time.Sleep(time.Hour)
		a.expect("", time.Second) // the issuer may take its word back
		if st := v.States()[0].Introspection; *st != (IntrospectionState{Active: 3, Inactive: 2}) {
			t.Errorf("the counts are %+v", st)
		}
	}, introspecting())
}

func TestAnOutageOfIntrospection(t *testing.T) {
	for _, mode := range []string{"deny", "allow"} {
		t.Run(mode, func(t *testing.T) {
			change, unknown := func(*Introspection) {}, RevocationUnknown
			if mode == "allow" {
				change, unknown = allowing, ""
			}
			var notices []NoticeKind
			var mu sync.Mutex
			notify := func(o *Options) {
				o.Notify = func(n Notice) {
					mu.Lock()
					defer mu.Unlock()
					if strings.HasPrefix(string(n.Kind), "introspection") {
						if (n.Err == nil) != (n.Kind == IntrospectionRecovered) || (n.Err != nil && strings.Contains(n.Err.Error(), clientSecret)) {
							t.Errorf("the notice is %+v", n)
						}
						notices = append(notices, n.Kind)
					}
				}
			}
			bubble(t, func(t *testing.T, i *idp, v *Verifier) {
				good, gone := asking(t, v, "good"), asking(t, v, "gone")
				good.expect("", 0)
				i.suffer(fault{lives: status(200, `{"active":false}`)})
				gone.expect(Inactive, 0)
				i.suffer(fault{lives: hang})
				time.Sleep(15 * time.Second)
				good.expect("", 0) // asks in the background
				time.Sleep(14 * time.Second)
				good.expect("", 0)
				time.Sleep(time.Second)
				good.expect(unknown, 2*time.Second) // too old now, and nobody answers
				gone.expect(Inactive, 2*time.Second)
				asking(t, v, "new").expect(unknown, 2*time.Second)
				time.Sleep(5 * time.Second)
				for n := range 100 { // an outage that lasts costs no request any time
					asking(t, v, fmt.Sprint("later", n)).expect(unknown, 0)
				}
				good.expect(unknown, 0)
				gone.expect(Inactive, 0)
				time.Sleep(10 * time.Second)
				i.suffer(fault{})
				good.expect("", 0) // the outage may be over: a request waits again
				gone.expect("", 0)
				synctest.Wait()
			}, introspecting(change), notify)
			if got := fmt.Sprint(notices); got != "[introspection_error introspection_ok]" {
				t.Errorf("the outage was reported as %s", got)
			}
		})
	}
}

// One question for a token, however many requests bring it; sixteen under way
// for all tokens together.
func TestQuestionsAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T, i *idp, v *Verifier) {
		var most, now atomic.Int64
		i.suffer(fault{lives: func(w http.ResponseWriter, _ *http.Request) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			time.Sleep(100 * time.Millisecond)
			_, _ = w.Write([]byte(`{"active":true}`))
		}})
		first := asking(t, v, "one")
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { first.expect("", 100*time.Millisecond) })
		}
		all.Wait()
		first.questions(i, 1)
		for n := range 160 {
			a := asking(t, v, fmt.Sprint(n))
			all.Go(func() { wantReason(t, v.Introspect(t.Context(), a.id, a.token), "") })
		}
		all.Wait()
		first.questions(i, 161)
		if most.Load() != introspectAtOnce {
			t.Errorf("%d questions were under way at once, want %d", most.Load(), introspectAtOnce)
		}

		s := v.order[0].introspector
		s.mu.Lock()
		s.pending = introspectPending // as many as may wait do
		s.mu.Unlock()
		late := asking(t, v, "late")
		late.expect(RevocationUnknown, 0)
		s.mu.Lock()
		s.pending = 0
		s.mu.Unlock()
		late.expect("", 100*time.Millisecond)

		for range introspectAtOnce { // every turn is taken
			s.turns.slots <- struct{}{}
		}
		asking(t, v, "without a turn").expect(RevocationUnknown, introspectPatience)
		time.Sleep(introspectTimeout)
		if st := s.state(); !strings.Contains(st.Error, "wait for their turn") {
			t.Errorf("the state is %+v", st)
		}
		for range introspectAtOnce {
			<-s.turns.slots
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		gone := asking(t, v, "its client has gone")
		wantReason(t, v.Introspect(ctx, gone.id, gone.token), RevocationUnknown)
		time.Sleep(time.Second) // its question is answered all the same
		gone.expect("", 0)
	}, introspecting())
}

// The credentials go to the issuer, in the body, and nowhere else.
func TestWhatIsSentAndWhatIsSaid(t *testing.T) {
	bubble(t, func(t *testing.T, i *idp, v *Verifier) {
		var sent url.Values
		i.suffer(fault{lives: func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			sent, _ = url.ParseQuery(string(body))
			if r.Method != http.MethodPost || r.URL.RawQuery != "" || r.Header.Get("Authorization") != "" {
				t.Errorf("%s %s with %v", r.Method, r.URL, r.Header)
			}
			w.WriteHeader(http.StatusBadGateway)
		}})
		a := asking(t, v, "a")
		err := v.Introspect(t.Context(), a.id, a.token)
		if sent.Get("token") != a.token || sent.Get("client_id") != clientID || sent.Get("client_secret") != clientSecret || len(sent) != 3 {
			t.Error("the question is not what RFC 7662 section 2.1 wants")
		}
		said := fmt.Sprint(err) + fmt.Sprintf("%+v", v.States()) + fmt.Sprintf("%+v", *v.States()[0].Introspection)
		for _, secret := range []string{clientSecret, a.token} {
			if strings.Contains(said, secret) {
				t.Errorf("a secret is told: %s", said)
			}
		}
	}, introspecting())
}

func TestAGivenEndpointNeedsNoDiscovery(t *testing.T) {
	bubble(t, func(t *testing.T, i *idp, v *Verifier) {
		i.suffer(fault{configs: status(500, "")})
		asking(t, v, "a").expect("", 0)
		if _, err := v.order[0].introspector.send(t.Context(), "https://%zz", ""); err == nil {
			t.Error("a question was sent nowhere")
		}
	}, introspecting(func(i *Introspection) { i.Endpoint = "https://auth.example/application/o/introspect/" }))
}

func TestWhoIsNotAskedAbout(t *testing.T) {
	bubble(t, func(t *testing.T, _ *idp, v *Verifier) {
		asking(t, v, "a").expect("", 0)
		wantReason(t, v.Introspect(t.Context(), &Identity{IssuerURL: "https://other.example/"}, "x"), RevocationUnknown)
		if v.States()[0].Introspection != nil {
			t.Error("a state of nothing")
		}
	})
}

// A question that goes wrong inside a library is one without an answer.
func TestAQuestionThatPanics(t *testing.T) {
	bubble(t, func(t *testing.T, _ *idp, v *Verifier) {
		s := v.order[0].introspector
		sound := s.client.Transport
		s.client.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			body, _ := io.ReadAll(r.Body)
			panic(string(body))
		})
		a := asking(t, v, "a")
		for range 2 * introspectAtOnce { // more than there are turns
			a.expect(RevocationUnknown, 0)
			time.Sleep(introspectFailed)
		}
		st := s.state()
		if !strings.Contains(st.Error, "panic") || st.Failed != 2*introspectAtOnce {
			t.Errorf("the state is %+v", st)
		}
		if strings.Contains(st.Error, clientSecret) || strings.Contains(st.Error, a.token) {
			t.Error("a secret is told")
		}
		time.Sleep(introspectTimeout)
		s.client.Transport = sound
		a.expect("", 0)
	}, introspecting())
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Without room what counts is forgotten too: first what allows, which is asked
// for again, and what denies only where that is not enough.
func TestWhatDeniesIsForgottenLast(t *testing.T) {
	now := testNow
	name := func(n int) (d [32]byte) { copy(d[:], fmt.Sprint(n)); return d }
	fill := func(inactive int) (left int) {
		i := &introspector{ttl: time.Minute, tokens: make(map[[32]byte]*liveness), sweepAt: introspectTokens}
		i.mu.Lock()
		defer i.mu.Unlock()
		for n := range introspectTokens + 1 {
			e := i.remember(name(n), now)
			e.answered, e.active = now, n >= inactive
		}
		if len(i.tokens) > introspectTokens*3/4+1 {
			t.Errorf("%d tokens are remembered", len(i.tokens))
		}
		for _, e := range i.tokens {
			if !e.active {
				left++
			}
		}
		return left
	}
	if left := fill(introspectTokens / 2); left != introspectTokens/2 {
		t.Errorf("of %d denials %d are left, although there was room", introspectTokens/2, left)
	}
	if left := fill(introspectTokens); left != introspectTokens*3/4 {
		t.Errorf("%d denials are left, want as many as there is room for", left)
	}
}

// What is remembered is bounded, and what denies is forgotten last.
func TestAnswersAreForgotten(t *testing.T) {
	now := testNow
	i := &introspector{ttl: time.Minute, tokens: make(map[[32]byte]*liveness), sweepAt: 1024}
	name := func(n int) (d [32]byte) { copy(d[:], fmt.Sprint(n)); return d }
	i.mu.Lock()
	defer i.mu.Unlock()
	inactive, busy := i.remember(name(-1), now), i.remember(name(-2), now)
	inactive.answered = now.Add(-time.Hour)
	busy.flight = make(chan struct{})
	for n := range 1023 {
		i.remember(name(n), now).answered, i.tokens[name(n)].active = now.Add(-time.Hour), true
	}
	if len(i.tokens) != 3 || i.tokens[name(-1)] != inactive || i.tokens[name(-2)] != busy {
		t.Errorf("%d tokens are remembered", len(i.tokens))
	}
	for n := range 2 * introspectTokens {
		i.remember(name(n), now).answered, i.tokens[name(n)].active = now, true
	}
	if len(i.tokens) > introspectTokens || len(i.tokens) < introspectTokens/2 || i.tokens[name(-2)] != busy {
		t.Errorf("%d tokens are remembered", len(i.tokens))
	}
}

func TestIntrospectionThatCannotBeMeant(t *testing.T) {
	for name, change := range map[string]func(*Introspection){
		"no secret":             func(i *Introspection) { i.ClientSecret = "" },
		"no ttl":                func(i *Introspection) { i.TTL = 0 },
		"an endpoint in clear":  func(i *Introspection) { i.Endpoint = "http://auth.example/introspect/" },
		"an endpoint of no URL": func(i *Introspection) { i.Endpoint = "introspect" },
	} {
		o := Options{Issuers: []Issuer{testIssuerConfig()}}
		introspecting(change)(&o)
		if v, err := New(o); err == nil {
			v.Close()
			t.Errorf("%s was accepted", name)
		}
	}
}
