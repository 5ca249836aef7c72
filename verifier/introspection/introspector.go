package introspection

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/claimgate/claimgate/internal/forwardclock"
	"github.com/claimgate/claimgate/verifier/internal/pool"
	"github.com/claimgate/claimgate/verifier/jwks"
)

const (
	maxWait        = 2 * time.Second // the longest wait of a request for an answer
	questionTime   = 5 * time.Second // the longest time for one question, including the wait for its turn
	maxConcurrent  = 16              // questions that run at once
	maxPending     = 1024            // questions that run or wait
	failureTTL     = time.Second     // after a failure, a token is not asked about for this time
	outageFailures = 3               // failures in a row that make an outage; see down
	maxAnswers     = 100_000         // answers that are kept: about 20 MiB
)

// Notice tells the program that the issuer began to fail or answers again. Err is nil if
// the issuer answers again. Err never holds a token or the client's secret.
type Notice struct {
	Issuer string // the configured name of the issuer
	Err    error
}

// Options configure an Introspector. Every field must be set.
type Options struct {
	Issuer string // the configured name of the issuer
	Config Config // with a ClientID
	Client *jwks.Client
	Now    func() time.Time
	Notify func(Notice) // must not block
}

// Introspector asks one issuer about its tokens. Its methods may be called concurrently. A
// nil Introspector means that introspection is off; only Close and State may be called on
// it.
type Introspector struct {
	issuer string
	config Config
	client *jwks.Client // for discovery
	http   *http.Client
	now    func() time.Time
	notify func(Notice)
	ctx    context.Context //nolint:containedctx // a question outlives the request that asked it
	turns  *pool.Pool
	asking sync.WaitGroup

	mu        sync.RWMutex
	closed    bool
	pending   int
	answers   map[[32]byte]*answer // by the SHA-256 of the token
	evictAt   int                  // number of answers that triggers an eviction
	lastError error                // of the newest question
	failing   []*answer            // failures since the last answer, outageFailures at most; see record
	failed    time.Time            // time of the newest failure
	counts    State

	endpointMu sync.Mutex
	discovered string // the endpoint by discovery; "" after a question to it failed
}

// New returns an Introspector. The end of ctx ends its questions.
func New(ctx context.Context, o Options) *Introspector {
	transport := o.Client.Transport()
	transport.DisableKeepAlives = false
	transport.MaxIdleConnsPerHost = maxConcurrent
	transport.IdleConnTimeout = 30 * time.Second
	return &Introspector{
		issuer: o.Issuer, config: o.Config, client: o.Client, now: o.Now, notify: o.Notify, ctx: ctx,
		http:    &http.Client{Transport: transport, CheckRedirect: samePost},
		turns:   pool.New(maxConcurrent, maxPending, questionTime),
		answers: make(map[[32]byte]*answer), evictAt: 1024,
	}
}

// Close prevents further questions and waits for the running ones. They end when the
// context of New ends, so the caller should end the context first.
func (i *Introspector) Close() {
	if i == nil {
		return
	}
	i.mu.Lock()
	i.closed = true
	i.mu.Unlock()
	i.asking.Wait()
	i.http.CloseIdleConnections()
}

// State describes an issuer's introspection, for readiness and metrics.
type State struct {
	Active   uint64 `json:"active"`          // answers since New that call a token active
	Inactive uint64 `json:"inactive"`        // answers since New that call a token inactive
	Failed   uint64 `json:"failed"`          // questions since New without an answer
	Error    string `json:"error,omitempty"` // of the newest question, "" if the question was answered
}

// State returns the state now, or nil if introspection is off.
func (i *Introspector) State() *State {
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

// down reports an outage: outageFailures failures in a row, the newest less than questionTime ago. During
// an outage no request waits, and questions go on in the background. HTTP errors for one token count once,
// because an issuer may fail for that token only. i.mu is held.
func (i *Introspector) down(now time.Time) bool {
	return len(i.failing) >= outageFailures && forwardclock.Age(i.failed, now) < questionTime
}

// add makes an entry for a token. It evicts old answers when there are twice as many
// entries as after the last eviction. i.mu is held.
func (i *Introspector) add(digest [32]byte, now time.Time) *answer {
	if len(i.answers) >= i.evictAt {
		i.evict(now)
	}
	a := new(answer)
	i.answers[digest] = a
	return a
}

// evict drops answers that are too old, except denials. If more than three quarters of
// maxAnswers are left, it drops answers that allow, because the next request asks
// again, and then denials. i.mu is held.
func (i *Introspector) evict(now time.Time) {
	for d, a := range i.answers {
		if a.flight == nil && !a.fresh(now, i.config.TTL) && (a.active || a.received.IsZero()) {
			delete(i.answers, d)
		}
	}
	for _, denials := range []bool{false, true} {
		for d, a := range i.answers {
			if len(i.answers) <= maxAnswers*3/4 { // room for many, so that evictions are rare
				break
			}
			if a.flight == nil && (denials || a.active || a.received.IsZero()) {
				delete(i.answers, d)
			}
		}
	}
	i.evictAt = min(max(1024, 2*len(i.answers)), maxAnswers)
}

// ask begins a question about a token, unless too many questions run or wait. i.mu is held.
// No question about the token runs.
func (i *Introspector) ask(a *answer, token string) {
	if i.closed || i.pending >= maxPending {
		return
	}
	i.pending++
	flight := make(chan struct{})
	a.flight = flight
	token = strings.Clone(token) // the memory of the request is reused
	i.asking.Go(func() {
		active, err := i.question(token)
		changed := i.record(a, active, err)
		if changed && i.ctx.Err() == nil {
			i.notify(Notice{Issuer: i.issuer, Err: err})
		}
		close(flight)
	})
}

// record notes an answer or a failure. It reports whether the issuer began to fail or
// answers again.
func (i *Introspector) record(a *answer, active bool, err error) (changed bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.pending--
	a.flight = nil
	changed = (err == nil) != (i.lastError == nil)
	i.lastError = err
	switch {
	case err != nil:
		a.failed = i.now()
		i.failed = a.failed
		if len(i.failing) < outageFailures && (unreachable(err) || !slices.Contains(i.failing, a)) {
			i.failing = append(i.failing, a)
		}
		i.counts.Failed++
		return changed
	case active:
		i.counts.Active++
	default:
		i.counts.Inactive++
	}
	a.received, a.active, a.failed = i.now(), active, time.Time{}
	i.failing = i.failing[:0]
	return changed
}

// unreachable reports whether the issuer gave no HTTP answer at all. No token can cause that, so each such
// failure counts.
func unreachable(err error) bool { return errors.As(err, new(*url.Error)) }

// question asks when a turn is free. A panic of a library is a failure: it must not end
// the process or leave requests waiting. The panic's text is not shown, because it may
// hold the token or the secret.
func (i *Introspector) question(token string) (active bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			active, err = false, fmt.Errorf("the question ended in a panic (%T)", p)
		}
	}()
	ctx, cancel := context.WithTimeout(i.ctx, questionTime)
	defer cancel()
	if !i.turns.Do(ctx, func() bool {
		active, err = i.post(ctx, token)
		return true // a failure makes no turn rest
	}) {
		return false, errors.New("too many questions wait for their turn")
	}
	return active, err
}
