package invariant

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
)

// Options are the options of Prove. Mapping and Judge are required.
type Options struct {
	Mapping *mapping.Mapping
	Judge   Judge
	Now     time.Time // the time that decides which grants have expired
	// Assume fixes the values of condition keys: KEY=VALUE. See Assumption.
	Assume []string
	// Issuers are the names of the configured issuers. The default is the issuers that the mapping and the
	// invariants name, and any other issuer.
	Issuers []string
	// GroupsPaths are the paths of the claims from which the Judge reads groups. The default is the claim groups.
	GroupsPaths [][]string
}

// ErrNoToken is an error of a Judge: no issuer writes a token with the claims of the identity, or every such token is
// refused. The request breaks no invariant.
var ErrNoToken = errors.New("no token has these claims")

// The limits of one invariant. An invariant that needs more is Undecided.
const (
	maxQuestions = 20_000 // requests to the Judge
	maxContexts  = 4_000  // sets of facts for one resource
	maxAssigned  = 500    // assignments for one region of a holder
	maxTogether  = 20_000 // holders with an additional group
)

// Prove returns the verdict on each invariant, in the order of the list. The error is about Options.Assume.
func Prove(o Options, list []Invariant) ([]Result, error) {
	assumed, message := Assumption(o.Assume)
	if message != "" {
		return nil, errors.New(message)
	}
	principals, placeholders := access.Principals(o.Mapping)
	p := &prover{
		Options: o, assumed: assumed, symbolic: access.NewReader(placeholders), concrete: access.NewReader(nil), issuers: o.Issuers, policies: map[string]*held{},
	}
	if len(p.GroupsPaths) == 0 {
		p.GroupsPaths = [][]string{{"groups"}}
	}
	if len(p.issuers) == 0 {
		p.issuers = access.Issuers(o.Mapping)
		for _, i := range list { // an invariant may name an issuer that no rule names
			if i.Issuer != "" && !slices.Contains(p.issuers, i.Issuer) {
				p.issuers = append(p.issuers, i.Issuer)
			}
		}
	}
	for _, w := range o.Mapping.Rules() {
		if w.Kind == "user" {
			p.subjects = append(p.subjects, w.Name)
		}
	}
	for _, who := range principals {
		for _, issuer := range p.issuers {
			p.holders = append(p.holders, p.holder(who, issuer))
			if who.Account != "" {
				break
			}
		}
	}
	p.freshTexts, p.unmatched = p.unusedTexts(list), p.unmatchedPattern()
	results := make([]Result, len(list))
	for i := range list {
		results[i] = p.prove(&list[i])
	}
	return results, nil
}

// prover proves invariants of one mapping.
type prover struct {
	Options
	assumed  []fact
	holders  []*holder
	symbolic *access.Reader // for principals whose captures are placeholders
	concrete *access.Reader // for identities whose captures are real texts
	issuers  []string
	subjects []string // the subjects that rules name
	policies map[string]*held
	// freshTexts are texts that no resource of a policy or of an invariant contains. See the variable freshTexts.
	freshTexts []string
	unmatched  string // see unmatchedPattern
}

// holder is a principal with a token of one issuer.
type holder struct {
	*access.Principal
	issuer   string
	grants   *mapping.Grants
	policies []*held // the granted policies
	guards   []*held
}

// held is a granted policy or the policy of a guard. allows is true if an Allow of the policy may apply to the
// invariant, and denies is true if a Deny may.
type held struct {
	mapping.Granted
	number         int        // equal for equal policies
	invariant      *Invariant // the one that allows and denies are about; nil before the first
	allows, denies bool
	readsGroups    bool // a condition reads the groups
	readsCaptures  bool // a condition may hold a capture
}

// holder returns the principal with the policies that a token of the issuer holds.
func (p *prover) holder(who *access.Principal, issuer string) *holder {
	h := &holder{Principal: who, issuer: issuer, grants: who.Holds(p.Mapping, issuer, p.Now)}
	for _, g := range h.grants.Granted() {
		h.policies = append(h.policies, p.held(g))
	}
	for _, g := range h.grants.Guards() {
		h.guards = append(h.guards, p.held(g))
	}
	return h
}

func (p *prover) held(g mapping.Granted) *held {
	id := g.ID()
	known := p.policies[id]
	if known == nil {
		known = &held{Granted: g, number: len(p.policies)}
		for _, text := range g.Conditions() {
			known.readsGroups = known.readsGroups || strings.Contains(text, "groups")
			for _, captured := range g.Vars {
				known.readsCaptures = known.readsCaptures || strings.Contains(text, captured)
			}
		}
		p.policies[id] = known
	}
	return known
}

func (p *prover) prove(i *Invariant) Result {
	a := attempt{prover: p, invariant: i, seen: map[string]bool{}}
	if i.Issuer != "" && !slices.Contains(p.issuers, i.Issuer) { // the search would be empty, and look like a proof
		a.undecide("no issuer is called %q; the issuers are %s", i.Issuer, strings.Join(p.issuers, ", "))
	}
	for _, text := range i.Resources {
		about := part{Region: p.symbolic.On(text), text: text}
		for _, action := range i.Actions {
			if asked(action, text) {
				about.actions = append(about.actions, action)
			}
		}
		a.on = append(a.on, about)
	}
	if i.Kind == Never {
		a.never()
	} else {
		a.always()
	}
	if a.found == nil {
		a.limits()
	}
	r := Result{Invariant: *i, Counterexample: a.found, Why: a.undecided}
	switch {
	case a.found != nil:
		r.Verdict, r.Why = Violated, ""
	case a.undecided == "":
		r.Verdict = Holds
	}
	return r
}

// issuerName returns the name of an issuer. access.OtherIssuer gets a name that no issuer has.
func (p *prover) issuerName(issuer string) string {
	if issuer != access.OtherIssuer {
		return issuer
	}
	return freshName("authentik", p.issuers)
}

// freshName returns the name, with a suffix if the name is taken.
func freshName(name string, taken []string) string {
	for slices.Contains(taken, name) {
		name += "-else"
	}
	return name
}
