package mapping

import (
	"slices"
	"time"

	"github.com/claimgate/claimgate/mapping/policy"
)

// Grants is what somebody holds, together with the guards that bind them. It never changes and may be used
// by many goroutines. A nil *Grants grants nothing.
type Grants struct {
	*bundle
	until   time.Time
	ignored []string
}

// Answer is the decision on one request, with its reason.
type Answer struct {
	Outcome policy.Outcome
	// Rule is the rule that granted the deciding policy, or the guard that denied. Rule is zero if no
	// statement decided.
	Rule   Rule
	Policy string
	// Statement is the number of the deciding statement in the policy, from 0, or -1 if no statement
	// decided. Sid may be empty. Pos is the place of the statement.
	Statement int
	Sid       string
	Pos       policy.Position
}

// Allowed reports whether the request may proceed.
func (a Answer) Allowed() bool {
	return a.Outcome == policy.Allow || a.Outcome == policy.AllowDenyOnly
}

// Empty reports whether nothing is granted.
func (g *Grants) Empty() bool { return g == nil || g.bundle == nil }

// Sum identifies what is granted, and can be compared and used as a map key. Grants with equal Sums give
// equal answers to all requests. Grants of two mappings have different Sums, unless both are empty.
type Sum struct{ bundle *bundle }

// Sum returns the Sum of the grants.
func (g *Grants) Sum() Sum {
	if g.Empty() {
		return Sum{}
	}
	return Sum{g.bundle}
}

// Until returns the time at which the first of these grants expires. From then on the caller must ask the
// Mapping for new grants. The zero time means that none of them expires.
func (g *Grants) Until() time.Time {
	if g == nil {
		return time.Time{}
	}
	return g.until
}

// Rules lists the rules that grant, in the order of Mapping.Rules.
func (g *Grants) Rules() []Rule {
	if g.Empty() {
		return nil
	}
	list := make([]Rule, len(g.rules))
	for i, r := range g.rules {
		list[i] = r.Rule
	}
	return list
}

// Policies lists the names of the granted policies, each once.
func (g *Grants) Policies() []string {
	if g.Empty() {
		return nil
	}
	var list []string
	for _, h := range g.held { // sorted by policy
		list = append(list, h.entry.Name())
	}
	return slices.Compact(list)
}

// Ignored lists the names in the token's claim that [claim].allow does not list.
func (g *Grants) Ignored() []string {
	if g == nil {
		return nil
	}
	return slices.Clone(g.ignored)
}

// Unconditional reports whether answers depend only on the action, bucket, object and DenyOnly of a
// request, so that the caller may cache them.
func (g *Grants) Unconditional() bool {
	return g.Empty() || g.set.Unconditional() && g.guardSet.Unconditional()
}

// Guard evaluates the guards. It returns true and the reason if a guard denies the request, also if the
// request is DenyOnly. No grant can override a guard.
func (g *Grants) Guard(r *policy.Request) (Answer, bool) {
	if g.Empty() || g.guardSet == nil {
		return undecided, false
	}
	result := g.guardSet.Evaluate(r)
	if result.Outcome != policy.ExplicitDeny {
		return undecided, false
	}
	by := g.guards[result.Grant]
	return answer(result, by.Rule, by.policy), true
}

// Evaluate evaluates the union of the granted policies. It does not look at the guards; the caller asks
// Guard first.
func (g *Grants) Evaluate(r *policy.Request) Answer {
	if g.Empty() {
		return undecided
	}
	result := g.set.Evaluate(r)
	if result.Grant < 0 {
		return Answer{Outcome: result.Outcome, Statement: -1}
	}
	by := g.held[result.Grant]
	return answer(result, by.rule.Rule, by.entry)
}

var undecided = Answer{Outcome: policy.ImplicitDeny, Statement: -1}

func answer(result policy.Result, by Rule, e *entry) Answer {
	sid, pos := e.StatementInfo(result.Statement)
	return Answer{
		Outcome: result.Outcome, Rule: by, Policy: e.Name(),
		Statement: result.Statement, Sid: sid, Pos: e.place.position(pos),
	}
}
