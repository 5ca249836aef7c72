package mapping

import (
	"slices"
	"time"

	"github.com/claimgate/claimgate/mapping/policy"
)

// Grants is what someone holds, with the guards that bind them. A nil *Grants
// grants nothing.
type Grants struct {
	*bundle
	until   time.Time
	ignored []string
}

// Answer is the answer to one question with its reason.
type Answer struct {
	Outcome policy.Outcome
	// Rule granted the policy that decided, or is the guard that denied. Zero
	// where no statement decided.
	Rule   Rule
	Policy string
	// Statement is its number in the policy, from 0; -1 where none decided. Sid
	// may be empty. Pos is where it stands.
	Statement int
	Sid       string
	Pos       policy.Position
}

// Allowed says whether the request may proceed.
func (a Answer) Allowed() bool {
	return a.Outcome == policy.Allow || a.Outcome == policy.AllowDenyOnly
}

// Empty says whether nothing at all is granted.
func (g *Grants) Empty() bool { return g == nil || g.bundle == nil }

// Sum stands for all that is granted. Grants whose Sum is equal answer every
// question alike, whoever they were made for; those of two mappings never are.
type Sum struct{ bundle *bundle }

// Sum returns what is granted, to be compared and to be a key.
func (g *Grants) Sum() Sum {
	if g.Empty() {
		return Sum{}
	}
	return Sum{g.bundle}
}

// Until is when these grants have to be asked for again: the first moment at
// which one of them expires. Zero means not until the mapping changes.
func (g *Grants) Until() time.Time {
	if g == nil {
		return time.Time{}
	}
	return g.until
}

// Rules lists the rules that grant, in the order of the file.
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

// Policies lists the names of the policies granted, each once.
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

// Ignored lists the names in the claim that [claim].allow does not let through.
func (g *Grants) Ignored() []string {
	if g == nil {
		return nil
	}
	return slices.Clone(g.ignored)
}

// Unconditional says whether answers depend on the action, the bucket, the
// object and denyOnly alone, so that they may be kept.
func (g *Grants) Unconditional() bool {
	return g.Empty() || g.set.Unconditional() && g.guard.Unconditional()
}

// Guard asks the guards. It reports true if one denies, for denyOnly requests
// too. The grants have no say in it.
func (g *Grants) Guard(r *policy.Request) (Answer, bool) {
	if g.Empty() || g.guard == nil {
		return undecided, false
	}
	result := g.guard.Evaluate(r)
	if result.Outcome != policy.ExplicitDeny {
		return undecided, false
	}
	by := g.guards[result.Grant]
	return answer(result, by.Rule, by.policy), true
}

// Evaluate asks the union of the granted policies, without the guards.
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
