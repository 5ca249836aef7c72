package gateway

import (
	"context"
	"sync"

	"github.com/claimgate/claimgate/mapping"
)

// Shadow is the decision that the next mapping would make.
type Shadow struct {
	Reason Reason
	Rule   mapping.Rule // the rule that would decide, if one would
}

// Outcome compares an answer with the answer of the next mapping.
type Outcome uint8

// The outcomes.
const (
	ShadowOff    Outcome = iota // there is no next mapping
	ShadowSame                  // the same answer, perhaps for another reason
	ShadowGains                 // denied now, allowed by the next mapping
	ShadowLoses                 // allowed now, denied by the next mapping
	ShadowFailed                // the comparison panicked: a defect
)

// shadow is the next mapping with its own cache. In one cache the entries of two mappings would replace
// each other.
type shadow struct {
	mapping *mapping.Mapping
	cache   *cache
}

// shadowEntries bounds the cached grants, and the cached decisions, of the next mapping.
const shadowEntries = 100_000

// UseShadow sets the next mapping. Each decision is made under the next mapping as well, and that changes no
// answer. nil means that there is no next mapping.
func (g *Gateway) UseShadow(m *mapping.Mapping) {
	g.shadowMu.Lock()
	defer g.shadowMu.Unlock()
	old := g.shadow.Load()
	switch {
	case m == nil:
		g.shadow.Store(nil) // shadowCache stays open: a running decision may use it
		return
	case old != nil && old.mapping.Revision() == m.Revision():
		return
	}
	if g.shadowCache == nil {
		g.shadowCache = newCache(min(g.entries, shadowEntries))
	}
	g.shadowCache.clearFront()
	g.shadow.Store(&shadow{m, g.shadowCache})
}

// Shadow returns the next mapping, or nil.
func (g *Gateway) Shadow() *mapping.Mapping {
	if s := g.shadow.Load(); s != nil {
		return s.mapping
	}
	return nil
}

var shadowDecisions = sync.Pool{New: func() any { return new(Decision) }}

// compare decides the request under the next mapping as well, and sets Outcome and Shadow. It never
// changes the answer, and it never panics.
func (g *Gateway) compare(ctx context.Context, r *Request, d *Decision) {
	s := g.shadow.Load()
	if s == nil {
		return
	}
	d.Outcome = ShadowFailed
	defer func() { _ = recover() }() // a defect under the next mapping must not end the request
	if s.mapping.Revision() == d.Revision || !d.dependsOnMapping(r) {
		d.Outcome = ShadowSame
		return
	}
	next := shadowDecisions.Get().(*Decision)
	defer func() {
		*next = Decision{}
		shadowDecisions.Put(next)
	}()
	*next = Decision{Reason: InternalError, Identity: d.Identity, Attested: d.Attested}
	next.Reason = g.decide(ctx, r, next, s.mapping, s.cache)
	switch was, would := d.Allow(), next.Allow(); {
	case was == would:
		d.Outcome = ShadowSame
	case would:
		d.Outcome = ShadowGains
	default:
		d.Outcome = ShadowLoses
	}
	if next.Reason != d.Reason {
		d.Shadow = &Shadow{next.Reason, next.Answer.Rule}
	}
}

// dependsOnMapping reports whether another mapping could lead to another answer.
func (d *Decision) dependsOnMapping(r *Request) bool {
	switch d.Reason {
	case NoPolicy, PolicyAllow, DenyOnly, PolicyImplicitDeny, PolicyExplicitDeny, GuardDeny, SessionPolicyDeny:
		return true
	case TokenClaims: // the policy claim, which the mapping names; without an identity the token was refused
		return d.Identity != nil
	case NoToken: // another mapping may have an account rule for a static key
		return r.Signer().Static
	default:
		return false
	}
}
