package invariant

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
)

// Options say under what invariants are proved.
type Options struct {
	Mapping *mapping.Mapping
	Judge   Judge
	Now     time.Time // at which grants are judged
	// Assume fixes values of condition keys, KEY=VALUE.
	Assume []string
	// Issuers are those configured. Without any they are those that the mapping names, and any other.
	Issuers []string
}

// The bounds of one invariant. Beyond them the invariant is undecided.
const (
	maxQuestions = 20_000 // that the Judge is asked
	maxContexts  = 4_000  // for one resource
	maxAssigned  = 500    // texts for the unknown parts of a group's name or of a claim
	maxTogether  = 20_000 // identities with more groups than one rule needs
)

// Prove says of each invariant whether the mapping keeps it. The error is of the options.
func Prove(o Options, list []Invariant) ([]Result, error) {
	assumed, message := Assumption(o.Assume)
	if message != "" {
		return nil, errors.New(message)
	}
	everybody, made := access.Principals(o.Mapping)
	p := &prover{
		Options: o, assumed: assumed, made: access.NewReader(made), real: access.NewReader(nil), issuers: o.Issuers, policies: map[string]*held{},
	}
	if len(p.issuers) == 0 {
		p.issuers = access.Issuers(o.Mapping)
		for _, i := range list { // a name that no rule has is an issuer all the same
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
	for _, who := range everybody {
		for _, issuer := range p.issuers {
			p.everybody = append(p.everybody, p.holder(who, issuer))
			if who.Account != "" {
				break
			}
		}
	}
	results := make([]Result, len(list))
	for i := range list {
		results[i] = p.prove(&list[i])
	}
	return results, nil
}

// prover proves invariants of one mapping.
type prover struct {
	Options
	assumed   []fact
	everybody []*holder
	made      *access.Reader // knows the placeholders of captures
	real      *access.Reader // of real identities
	issuers   []string
	subjects  []string // whom rules name
	policies  map[string]*held
}

// holder is a principal with a token of one issuer.
type holder struct {
	*access.Principal
	issuer   string
	grants   *mapping.Grants
	policies []*held // by a rule
	guards   []*held
}

// held is a policy as it is held. met is true if an Allow of the policy bears on the invariant that is
// proved, and denies is true if a Deny does.
type held struct {
	mapping.Granted
	number      int
	known       *Invariant // to whom met and denies belong
	met, denies bool
	tellsGroups bool // a condition reads the groups
}

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
			known.tellsGroups = known.tellsGroups || strings.Contains(text, "groups")
		}
		p.policies[id] = known
	}
	return known
}

func (p *prover) prove(i *Invariant) Result {
	a := attempt{prover: p, invariant: i, seen: map[string]bool{}}
	if i.Issuer != "" && !slices.Contains(p.issuers, i.Issuer) { // nobody would be looked at
		a.undecide("no issuer is called %q; the issuers are %s", i.Issuer, strings.Join(p.issuers, ", "))
	}
	for _, text := range i.Resources {
		about := part{Region: p.made.On(text), text: text}
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
	r := Result{Invariant: *i, Counterexample: a.found, Why: a.undecided}
	switch {
	case a.found != nil:
		r.Verdict, r.Why = Violated, ""
	case a.undecided == "":
		r.Verdict = Holds
	}
	return r
}

// issuerName returns the name of an issuer for a token, also for the one that stands for all that no rule
// names.
func (p *prover) issuerName(issuer string) string {
	if issuer != access.OtherIssuer {
		return issuer
	}
	return freshName("authentik", p.issuers)
}

func freshName(name string, taken []string) string {
	for slices.Contains(taken, name) {
		name += "-else"
	}
	return name
}
