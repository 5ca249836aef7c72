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
	"time"

	"github.com/claimgate/claimgate/internal/strictjson"
)

// introspector asks one issuer about its tokens.
type introspector struct {
	issuer *Issuer
	fetch  *fetcher // for discovery
	client *http.Client
	ttl    time.Duration
	now    func() time.Time
	notify func(Notice)
	ctx    context.Context //nolint:containedctx // its own life: a question outlives the request that asked it
	turns  *pool
	asking sync.WaitGroup

	mu        sync.RWMutex
	closed    bool
	pending   int
	tokens    map[[32]byte]*liveness // by the SHA-256 of the token
	sweepAt   int                    // tokens that are a reason to look for old ones
	lastError error
	failures  int       // in a row
	failed    time.Time // the newest
	counts    IntrospectionState

	where struct {
		sync.Mutex
		found string // the endpoint, by discovery; forgotten when it fails
	}
}

// IntrospectionState is what is known of an issuer's introspection.
type IntrospectionState struct {
	Active   uint64 `json:"active"`          // answers, since the start
	Inactive uint64 `json:"inactive"`        // answers, since the start
	Failed   uint64 `json:"failed"`          // questions without an answer, since the start
	Error    string `json:"error,omitempty"` // of the newest question, "" where it was answered
}

func newIntrospector(ctx context.Context, f *fetcher, o *Options) *introspector {
	transport := f.transport.Clone()
	transport.DisableKeepAlives = false
	transport.MaxIdleConnsPerHost = introspectAtOnce
	transport.IdleConnTimeout = 30 * time.Second
	return &introspector{
		issuer: f.issuer, fetch: f, ttl: f.issuer.Introspection.TTL, now: o.Now, notify: o.Notify, ctx: ctx,
		client: &http.Client{Transport: transport, CheckRedirect: samePost},
		turns:  newPool(introspectAtOnce, introspectPending, introspectTimeout),
		tokens: make(map[[32]byte]*liveness), sweepAt: 1024,
	}
}

// samePost follows redirects as for the key set, and only those that repeat the
// question: others would ask nothing and have the credentials with them.
func samePost(next *http.Request, via []*http.Request) error {
	if next.Method != http.MethodPost {
		return errors.New("a redirect that drops the question is not followed")
	}
	return sameOrigin(next, via)
}

// close lets no further question start and waits for those under way, which end
// with the source's context.
func (i *introspector) close() {
	if i == nil {
		return
	}
	i.mu.Lock()
	i.closed = true
	i.mu.Unlock()
	i.asking.Wait()
	i.client.CloseIdleConnections()
}

func (i *introspector) state() *IntrospectionState {
	if i == nil {
		return nil
	}
	i.mu.RLock()
	defer i.mu.RUnlock()
	st := i.counts
	if i.lastError != nil {
		st.Error = i.lastError.Error()
	}
	return &st
}

// down reports an outage that lasts: then no request waits for it, while the
// questions go on in the background. i.mu is held.
func (i *introspector) down(now time.Time) bool {
	return i.failures >= introspectOutage && age(i.failed, now) < introspectTimeout
}

// remember makes a place for a token; i.mu is held. Old answers leave when there
// are twice as many tokens as after the last look, those that deny last.
func (i *introspector) remember(digest [32]byte, now time.Time) *liveness {
	if len(i.tokens) >= i.sweepAt {
		for d, e := range i.tokens {
			if e.flight == nil && !e.counts(now, i.ttl) && (e.active || e.answered.IsZero()) {
				delete(i.tokens, d)
			}
		}
		for _, denials := range []bool{false, true} { // what allows leaves first: it is asked for again
			for d, e := range i.tokens {
				if len(i.tokens) <= introspectTokens*3/4 { // room for many, so that few look
					break
				}
				if e.flight == nil && (denials || e.active || e.answered.IsZero()) {
					delete(i.tokens, d)
				}
			}
		}
		i.sweepAt = min(max(1024, 2*len(i.tokens)), introspectTokens)
	}
	e := new(liveness)
	i.tokens[digest] = e
	return e
}

// ask begins a question; i.mu is held and none about e is under way.
func (i *introspector) ask(e *liveness, token string) {
	if i.closed || i.pending >= introspectPending {
		return
	}
	i.pending++
	flight := make(chan struct{})
	e.flight = flight
	// The token is part of a request whose memory is used again after it.
	token = strings.Clone(token)
	i.asking.Go(func() {
		active, err := i.question(token)
		changed := i.take(e, active, err)
		if changed && i.ctx.Err() == nil {
			n := Notice{Issuer: i.issuer.Name, Kind: IntrospectionRecovered}
			if err != nil {
				n = Notice{Issuer: i.issuer.Name, Kind: IntrospectionFailed, Err: err}
			}
			i.notify(n)
		}
		close(flight)
	})
}

// take notes an answer, or that there was none, and reports whether the issuer
// has begun or ceased to fail.
func (i *introspector) take(e *liveness, active bool, err error) (changed bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.pending--
	e.flight = nil
	changed = (err == nil) != (i.lastError == nil)
	i.lastError = err
	switch {
	case err != nil:
		e.failed = i.now()
		i.failures, i.failed = i.failures+1, e.failed
		i.counts.Failed++
		return changed
	case active:
		i.counts.Active++
	default:
		i.counts.Inactive++
	}
	e.answered, e.active, e.failed = i.now(), active, time.Time{}
	i.failures = 0
	return changed
}

// question asks when it is its turn. A panic on the way, of a library, is no
// answer: it must end neither the process nor leave requests waiting. Its text is
// not told, for it may hold what was sent.
func (i *introspector) question(token string) (active bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			active, err = false, fmt.Errorf("the question ended in a panic (%T)", p)
		}
	}()
	ctx, cancel := context.WithTimeout(i.ctx, introspectTimeout)
	defer cancel()
	if !i.turns.do(ctx, func() bool {
		active, err = i.post(ctx, token)
		return err == nil
	}) {
		return false, errors.New("too many questions wait for their turn")
	}
	return active, err
}

// post is one question (RFC 7662 section 2.1). The credentials go into the body:
// Authentik before 2026.2.2 does not decode those of HTTP Basic as RFC 6749
// section 2.3.1 wants.
func (i *introspector) post(ctx context.Context, token string) (bool, error) {
	where, err := i.endpoint(ctx)
	if err != nil {
		return false, err
	}
	form := url.Values{
		"token": {token}, "client_id": {i.issuer.Introspection.ClientID}, "client_secret": {i.issuer.Introspection.ClientSecret},
	}
	active, err := i.send(ctx, where, form.Encode())
	if err != nil {
		i.where.Lock()
		i.where.found = "" // the issuer may have moved it
		i.where.Unlock()
		return false, fmt.Errorf("%s: %w", where, err)
	}
	return active, nil
}

func (i *introspector) endpoint(ctx context.Context) (string, error) {
	if given := i.issuer.Introspection.Endpoint; given != "" {
		return given, nil
	}
	i.where.Lock()
	defer i.where.Unlock()
	if i.where.found == "" {
		found, err := i.fetch.discover(ctx, "introspection_endpoint", "introspection.endpoint")
		if err != nil {
			return "", err
		}
		i.where.found = found
	}
	return i.where.found, nil
}

func (i *introspector) send(ctx context.Context, where, form string) (active bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, where, strings.NewReader(form))
	if err != nil {
		return false, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := i.client.Do(req)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxKeySetBytes+1))
	switch {
	case resp.StatusCode == http.StatusUnauthorized:
		return false, fmt.Errorf("answered %s: set introspection.client_id and its secret to those of the Authentik provider", resp.Status)
	case resp.StatusCode != http.StatusOK:
		return false, fmt.Errorf("answered %s", resp.Status)
	case err != nil:
		return false, err
	case len(body) > maxKeySetBytes:
		return false, errors.New("answered more than 1 MiB")
	}
	doc, err := strictjson.Parse(body)
	if err != nil {
		return false, fmt.Errorf("the answer is not strict JSON: %w", err)
	}
	switch doc.Root().Get("active").Kind() {
	case strictjson.True:
		return true, nil
	case strictjson.False:
		return false, nil
	default:
		return false, errors.New("the answer does not say whether the token is active")
	}
}
