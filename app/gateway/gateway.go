package gateway

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/claimgate/claimgate/internal/forwardclock"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/revocation"
)

// ActionPrometheus is asked with claims that the caller has signed itself.
const ActionPrometheus = "admin:Prometheus"

// Tokens is what a Gateway asks of a *verifier.Verifier. Whoever explains a
// recorded request takes its identity as given instead: the token has expired.
type Tokens interface {
	Verify(ctx context.Context, token string, p verifier.Presented) (*verifier.Identity, error)
	Attested(claims []byte, maxAge time.Duration) (*verifier.Identity, error)
}

// Options configure a Gateway.
type Options struct {
	Verifier    Tokens
	Revocations *revocation.List
	// Stale reports that Revocations have not heard of other replicas for so
	// long that they must not be relied on; nil is never.
	Stale func() bool
	// Introspect asks the issuer whether a verified token still counts. Its error
	// is a *verifier.Error; nil asks nobody.
	Introspect func(ctx context.Context, id *verifier.Identity, token string) error
	Evidence   Evidence
	// EvaluateOwner treats root like any static account, instead of letting it
	// through before everything else.
	EvaluateOwner bool
	// DecisionEntries is how many condition-free decisions are remembered, and
	// of how many identities the grants are.
	DecisionEntries int64
	// Now is the clock for grants that expire; default time.Now. Where it is set
	// back by minutes, what had expired stays so.
	Now func() time.Time
}

// Gateway decides requests under the mapping of now. Its methods may be called
// concurrently.
type Gateway struct {
	verifier      Tokens
	revocations   *revocation.List
	stale         func() bool
	introspect    func(ctx context.Context, id *verifier.Identity, token string) error
	evidence      Evidence
	evaluateOwner bool
	now           func() time.Time
	ids           *ids
	mapping       atomic.Pointer[mapping.Mapping]
	memory        *memory
	sessions      *sessionPolicies
}

// New makes a Gateway that has no mapping yet and so denies all but the owner.
func New(o Options) (*Gateway, error) {
	if o.Verifier == nil || o.Revocations == nil || len(o.Evidence.Keys) == 0 || o.DecisionEntries < 1 {
		return nil, errors.New("a gateway needs a verifier, revocations, an evidence key and room for a decision")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	clock := new(forwardclock.Clock)
	return &Gateway{
		verifier: o.Verifier, revocations: o.Revocations, stale: o.Stale, introspect: o.Introspect, evidence: o.Evidence, evaluateOwner: o.EvaluateOwner,
		now: func() time.Time { return clock.Latest(o.Now()) }, ids: newIDs(), memory: newMemory(o.DecisionEntries), sessions: newSessionPolicies(),
	}, nil
}

// Use puts a mapping in force. Requests that are being decided finish under the
// mapping they began with; no later one sees anything of it.
func (g *Gateway) Use(m *mapping.Mapping) {
	g.mapping.Store(m)
	g.memory.reloaded()
	time.AfterFunc(keep, g.memory.reloaded) // of what began under the one before
}

// Mapping is the mapping in force, nil before the first Use.
func (g *Gateway) Mapping() *mapping.Mapping { return g.mapping.Load() }

// Now is the clock by which grants expire.
func (g *Gateway) Now() time.Time { return g.now() }

// Close forgets everything. The gateway must not be asked any more.
func (g *Gateway) Close() {
	g.memory.close()
	g.sessions.close()
}

// NextID names an answer that is given without a decision, such as to a caller
// that is not known.
func (g *Gateway) NextID() ID { return g.ids.next() }

// Decide answers one request.
func (g *Gateway) Decide(ctx context.Context, r *Request) Decision {
	var d Decision
	g.DecideInto(ctx, r, &d)
	return d
}

// DecideInto is Decide into memory of the caller's, which lives as long as what
// Decision.Read may read of the request.
func (g *Gateway) DecideInto(ctx context.Context, r *Request, d *Decision) {
	*d = Decision{ID: g.ids.next(), Reason: InternalError}
	d.Reason = g.decide(ctx, r, d)
}

// decide is the whole decision in its order: the first step that returns wins.
// The numbers are those of the design, docs/architecture.md.
func (g *Gateway) decide(ctx context.Context, r *Request, d *Decision) Reason {
	// 2. Root, so that a bad mapping cannot lock it out.
	if r.Owner && !g.evaluateOwner {
		return Owner
	}
	in := g.mapping.Load()
	if in == nil {
		return d.explain(NoPolicy, "no mapping is loaded", "")
	}
	d.Revision = in.Revision()
	signer := credentialOf(r)
	var token string

	if r.Action == ActionPrometheus {
		// 3. A scraper signs its claims itself: only the account counts.
		d.Grants = in.Account(r.Account, g.now())
	} else {
		// 4. The evidence.
		found, ambiguous := g.evidence.find(r.Conditions)
		token = found
		switch {
		case ambiguous:
			return d.explain(TokenAmbiguous, "conditions hold two different tokens", "")

		// 5. A token: it must be good and made for this credential. Nothing else
		// is tried where it is not.
		case token != "":
			id, err := g.verifier.Verify(ctx, token, g.presented(r, &signer))
			if err != nil {
				return d.refuse(err)
			}
			d.Identity = id
			if !g.binds(&signer, id) {
				return d.explain(TokenBinding, "the token was not issued for the credential that signed the request", g.bindingHint(&signer))
			}

		// 6. No token: an account that can carry none, or MinIO's word.
		case signer.kind == static:
			if d.Grants = Account(in, r.Account, signer.account, g.now()); d.Grants == nil {
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
		// 7. A session that has ended, as far as this process or the issuer knows.
		if reason := g.ended(ctx, d, signer.session, token); reason != "" {
			return reason
		}
		// 8. What the identity is granted.
		claim, ok := id.Claim(in.ClaimName())
		if !ok {
			return d.explain(TokenClaims, "the claim "+in.ClaimName()+" is neither a string nor a list of strings", "")
		}
		d.Claim = claim
		d.Grants = g.memory.principal(in, id, claim, g.now)
	}
	if d.Grants.Empty() {
		return d.explain(NoPolicy, "no rule of the mapping grants a policy", grantHint(d.Identity))
	}

	// 9 and 10. Guards, which no grant overrides, then the granted policies.
	d.values.conditions, d.values.id = r.Conditions, d.Identity
	d.asked = policy.Request{
		Action: r.Action, Bucket: r.Bucket, Object: r.Object, DenyOnly: r.DenyOnly, Context: &d.values,
	}
	guarded, answer := g.memory.evaluate(d.Grants, &d.asked)
	d.Answer = answer
	reason := weigh(guarded, answer)
	if !reason.Allows() {
		return reason
	}

	// 11. The policy that came with the credential, which MinIO does not enforce
	// once a webhook is set.
	if r.Action != ActionPrometheus && !g.sessions.allow(&signer, &d.asked) {
		return d.explain(SessionPolicyDeny, "the session policy of the credential does not allow it", "")
	}
	return reason
}

// ended returns why the session of the identity does not count any more, "" where
// it does. token is "" where MinIO's word is all there is of it.
func (g *Gateway) ended(ctx context.Context, d *Decision, session, token string) Reason {
	if g.revocations.Revoked(d.Identity, session) {
		return d.explain(TokenRevoked, "the session or its user was logged out", "")
	}
	if g.stale != nil && g.stale() {
		return d.explain(RevocationUnknown, "the logouts of other replicas have not been heard of for longer than revocation.max_stale",
			"see revocation_store in /readyz of the admin listener for what the store answers")
	}
	if g.introspect != nil && token != "" {
		if err := g.introspect(ctx, d.Identity, token); err != nil {
			return d.refuse(err)
		}
	}
	return ""
}

// Account finds what a static credential is granted: by its own name, else by
// the account it was derived from. nil means that no rule names either.
func Account(in *mapping.Mapping, name, parent string, now time.Time) *mapping.Grants {
	own := in.Account(name, now)
	if !own.Empty() {
		return own
	}
	if grants := in.Account(parent, now); grants != nil {
		return grants
	}
	return own
}

func (d *Decision) explain(reason Reason, detail, hint string) Reason {
	d.Detail, d.Hint = detail, hint
	return reason
}

// refuse takes over the verifier's reason. An error of another type would be a
// defect of ours, and denies as one.
func (d *Decision) refuse(err error) Reason {
	var e *verifier.Error
	if !errors.As(err, &e) || e.Reason == "" { // no reason must not read as none to refuse
		return InternalError
	}
	return d.explain(Reason(e.Reason), e.Detail, e.Hint)
}
