package gateway

import (
	"context"
	"sync"

	"github.com/claimgate/claimgate/mapping"
)

// Shadow is what the next mapping would make of a decision.
type Shadow struct {
	Reason Reason
	Rule   mapping.Rule // the rule that would decide, if one would
}

// Outcome compares an answer with that of the next mapping.
type Outcome uint8

// The outcomes.
const (
	ShadowOff    Outcome = iota // there is no next mapping
	ShadowSame                  // the same answer, perhaps for another reason
	ShadowGains                 // denied, and would be allowed
	ShadowLoses                 // allowed, and would be denied
	ShadowFailed                // a defect: the next mapping's answer is not known
)

// shadow is the next mapping with a cache of its own: the entries of two mappings would push each other out.
type shadow struct {
	mapping *mapping.Mapping
	cache   *cache
}

// shadowEntries is how many grants and decisions of the next mapping are remembered, at most.
const shadowEntries = 100_000

// UseShadow says which mapping is next: each decision is made under it too, and changes no answer. nil is none.
func (g *Gateway) UseShadow(m *mapping.Mapping) {
	g.shadowing.Lock()
	defer g.shadowing.Unlock()
	old := g.shadow.Load()
	switch {
	case m == nil:
		g.shadow.Store(nil) // its cache is kept for the next one: a running decision may use the cache
		return
	case old != nil && old.mapping.Revision() == m.Revision():
		return
	}
	if g.shadowCache == nil {
		g.shadowCache = newGrantsCache(min(g.entries, shadowEntries))
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

// compare decides the request under the next mapping as well. Nothing that happens here changes the answer.
func (g *Gateway) compare(ctx context.Context, r *Request, d *Decision) {
	s := g.shadow.Load()
	if s == nil {
		return
	}
	d.Outcome = ShadowFailed
	defer func() { _ = recover() }() // a defect in a mapping that is not in force must not end a request
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

// dependsOnMapping reports whether another mapping could have answered otherwise.
func (d *Decision) dependsOnMapping(r *Request) bool {
	switch d.Reason {
	case NoPolicy, PolicyAllow, DenyOnly, PolicyImplicitDeny, PolicyExplicitDeny, GuardDeny, SessionPolicyDeny:
		return true
	case TokenClaims: // the mapping says which claim is read
		return d.Identity != nil
	case NoToken: // a static key may have a rule
		return r.Signer().Static
	default:
		return false
	}
}
