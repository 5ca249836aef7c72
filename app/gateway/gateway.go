package gateway

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claimgate/claimgate/internal/forwardclock"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/revocation"
)

// ActionPrometheus is the action of metrics scrapers. A scraper signs its claims itself.
const ActionPrometheus = "admin:Prometheus"

// Tokens verifies tokens and attested claims. *verifier.Verifier implements it. The commands that
// decide recorded requests implement it with the recorded identity, because the token has expired.
type Tokens interface {
	Verify(ctx context.Context, token string, p verifier.Presented) (*verifier.Identity, error)
	Attested(claims []byte, maxAge time.Duration) (*verifier.Identity, error)
}

// Options configure a Gateway.
type Options struct {
	Verifier    Tokens
	Revocations *revocation.List
	// Stale reports that the shared revocations are too old to rely on. nil means never.
	Stale func() bool
	// Introspect asks the issuer whether a verified token still counts. Its error is a
	// *verifier.Error. Introspection is off if Introspect is nil.
	Introspect func(ctx context.Context, id *verifier.Identity, token string) error
	Evidence   Evidence
	// Formerly maps the URL of an issuer to the URLs that the issuer had before. An access key made
	// under a former URL belongs to the same subject at the issuer's URL of today.
	Formerly map[string][]string
	// Providers maps the name of an OpenID Connect provider in a server's settings to its issuer. It is
	// for servers that write an iss of their own into the claims, such as RustFS.
	Providers map[string]Provider
	// EvaluateOwner treats root like any static account. If it is false, root is allowed before
	// every other check.
	EvaluateOwner bool
	// DecisionEntries bounds two caches: condition-free decisions, and grants of identities. At least 1.
	DecisionEntries int64
	// Now is the clock for grants that expire. The default is time.Now. An expired grant stays
	// expired if the clock is set back by minutes.
	Now func() time.Time
}

// Gateway decides requests under the mapping in force. Its methods may be called concurrently.
type Gateway struct {
	verifier      Tokens
	revocations   *revocation.List
	stale         func() bool
	introspect    func(ctx context.Context, id *verifier.Identity, token string) error
	evidence      Evidence
	lowerKeys     []string // evidence.Keys in lower case
	formerly      map[string][]string
	providers     map[string]Provider
	evaluateOwner bool
	now           func() time.Time
	ids           *ids
	mapping       atomic.Pointer[mapping.Mapping]
	cache         *cache
	entries       int64

	shadow      atomic.Pointer[shadow]
	shadowMu    sync.Mutex // held while shadow and shadowCache change
	shadowCache *cache     // nil until there is a shadow
	sessions    *sessionPolicies
}

// New returns a Gateway without a mapping. Until Use is called it denies everybody except the owner.
func New(o Options) (*Gateway, error) {
	if o.Verifier == nil || o.Revocations == nil || len(o.Evidence.Keys) == 0 || o.DecisionEntries < 1 {
		return nil, errors.New("a gateway needs a verifier, revocations, an evidence key and at least one decision entry")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	clock := new(forwardclock.Clock)
	return &Gateway{
		verifier: o.Verifier, revocations: o.Revocations, stale: o.Stale, introspect: o.Introspect, evidence: o.Evidence,
		lowerKeys: lowerCase(o.Evidence.Keys), formerly: o.Formerly, providers: o.Providers, evaluateOwner: o.EvaluateOwner,
		now: func() time.Time { return clock.Latest(o.Now()) }, ids: newIDs(), cache: newCache(o.DecisionEntries), entries: o.DecisionEntries, sessions: newSessionPolicies(),
	}, nil
}

// Use puts a mapping in force. A running decision finishes under the mapping that it
// began with. No later decision uses the old mapping.
func (g *Gateway) Use(m *mapping.Mapping) {
	g.mapping.Store(m)
	g.cache.clearFront()
	time.AfterFunc(maxEntryAge, g.cache.clearFront) // entries of decisions that began under the old mapping
}

// Mapping returns the mapping in force, or nil before the first Use.
func (g *Gateway) Mapping() *mapping.Mapping { return g.mapping.Load() }

// Now returns the time by the clock for grants.
func (g *Gateway) Now() time.Time { return g.now() }

// Close frees the caches. No method may be called after Close.
func (g *Gateway) Close() {
	g.cache.close()
	g.shadowMu.Lock()
	defer g.shadowMu.Unlock()
	if g.shadowCache != nil {
		g.shadowCache.close()
	}
	g.sessions.close()
}

// NextID returns the ID for an answer without a decision, such as the answer to an
// unknown caller.
func (g *Gateway) NextID() ID { return g.ids.next() }

// Decide answers one request.
func (g *Gateway) Decide(ctx context.Context, r *Request) Decision {
	var d Decision
	g.DecideInto(ctx, r, &d)
	return d
}

// DecideInto is Decide with the caller's memory. *d is valid as long as *r.
func (g *Gateway) DecideInto(ctx context.Context, r *Request, d *Decision) {
	*d = Decision{ID: g.ids.next(), Reason: InternalError}
	d.Reason = g.decide(ctx, r, d, g.mapping.Load(), g.cache)
	g.compare(ctx, r, d)
}

// decide is the whole decision under a mapping. The first step that returns wins. The numbers are
// those of docs/architecture.md. If d already has an Identity, compare decides again: the first decision
// has passed steps 4 to 7 with that Identity. No mapping takes part in those steps, so decide skips them.
func (g *Gateway) decide(ctx context.Context, r *Request, d *Decision, m *mapping.Mapping, cache *cache) Reason {
	// 2. Root. It comes first, so that a bad mapping cannot lock root out.
	if r.Owner && !g.evaluateOwner {
		return Owner
	}
	if m == nil {
		return d.explain(NoPolicy, "no mapping is loaded", "")
	}
	d.Revision = m.Revision()
	signer := g.credential(r)
	var token string
	identified := d.Identity != nil

	switch {
	case r.Action == ActionPrometheus:
		// 3. A scraper signs its claims itself, so only the account counts.
		d.Grants = m.Account(r.Account, g.now())
	case !identified:
		// 4. The evidence.
		found, ambiguous := findToken(g.EvidenceKeys(r.Server), r.Conditions)
		token = found
		switch {
		case ambiguous:
			return d.explain(TokenAmbiguous, "conditions hold two different tokens", "")

		// 5. The token must be good, and made for this credential. If it fails, step 6 is not tried.
		case token != "":
			id, err := g.verifier.Verify(ctx, token, g.presented(r, &signer))
			if err != nil {
				return d.refuse(err)
			}
			d.Identity = id
			if !g.binds(&signer, id) {
				return d.explain(TokenBinding, "the token was not issued for the credential that signed the request", g.bindingHint(&signer))
			}

		// 6. No token: an account rule, or the claims that MinIO attests.
		case signer.kind == static:
			if d.Grants = Account(m, r.Account, signer.account, g.now()); d.Grants == nil {
				return d.explain(NoToken, "conditions hold no token", g.tokenHint(&signer))
			}
		case !g.evidence.AttestedClaims || r.Anonymous():
			return d.explain(NoToken, "conditions hold no token", g.tokenHint(&signer))
		default:
			id, err := g.attested(&signer, r)
			if err != nil {
				return d.refuse(err)
			}
			d.Identity, d.Attested = id, true
		}
	}

	if id := d.Identity; id != nil {
		// 7. The session must not have ended, as far as this process or the issuer knows.
		if !identified {
			if reason := g.ended(ctx, d, signer.session, token); reason != "" {
				return reason
			}
		}
		// 8. The grants of the identity.
		claim, ok := id.ClaimAt(m.ClaimPath())
		if !ok {
			return d.explain(TokenClaims, "the claim "+m.ClaimName()+" is neither a string nor a list of strings", "")
		}
		d.Claim = claim
		d.Grants = cache.grantsOf(m, id, claim, g.now)
	}
	if d.Grants.Empty() {
		return d.explain(NoPolicy, "no rule of the mapping grants a policy", grantHint(d.Identity))
	}

	// 9. The guards, which no grant overrides. 10. The granted policies.
	d.values.server, d.values.conditions, d.values.id = r.Server, r.Conditions, d.Identity
	d.req = policy.Request{
		Action: r.Action, Bucket: r.Bucket, Object: r.Object, DenyOnly: r.DenyOnly, Context: &d.values,
	}
	guarded, answer := cache.evaluate(d.Grants, &d.req)
	d.Answer = answer
	reason := reasonOf(guarded, answer)
	if !reason.Allows() {
		return reason
	}

	// 11. The session policy of the credential. MinIO does not enforce it if a webhook is set.
	if r.Action != ActionPrometheus && !g.sessions.allow(&signer, &d.req) {
		return d.explain(SessionPolicyDeny, "the session policy of the credential does not allow it", "")
	}
	return reason
}

// ended returns the reason for a denial if the session of d.Identity has ended or nobody can say,
// else "". session is claims.sid. token is "" if MinIO attests the claims.
func (g *Gateway) ended(ctx context.Context, d *Decision, session, token string) Reason {
	if g.revocations.Revoked(d.Identity, session) {
		return d.explain(TokenRevoked, "the session or its user was logged out", "")
	}
	if g.stale != nil && g.stale() {
		return d.explain(RevocationUnknown, "no logouts of other replicas were received for longer than revocation.max_stale",
			"see revocation_store in /readyz of the admin listener for what the store answers")
	}
	if g.introspect != nil && token != "" {
		if err := g.introspect(ctx, d.Identity, token); err != nil {
			return d.refuse(err)
		}
	}
	return ""
}

// Account returns the grants of a static credential: those of its own name, or else those of parent,
// the account that it was derived from. It returns nil if no rule names either.
func Account(m *mapping.Mapping, name, parent string, now time.Time) *mapping.Grants {
	own := m.Account(name, now)
	if !own.Empty() {
		return own
	}
	if grants := m.Account(parent, now); grants != nil {
		return grants
	}
	return own
}

// explain sets Detail and Hint, and returns reason.
func (d *Decision) explain(reason Reason, detail, hint string) Reason {
	d.Detail, d.Hint = detail, hint
	return reason
}

// refuse returns the reason of a *verifier.Error. An error of another type is a defect
// and denies.
func (d *Decision) refuse(err error) Reason {
	var e *verifier.Error
	if !errors.As(err, &e) || e.Reason == "" { // an empty reason must not look like success
		return InternalError
	}
	return d.explain(Reason(e.Reason), e.Detail, e.Hint)
}
