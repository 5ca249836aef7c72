package invariant

import (
	"errors"
	"fmt"
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
		a.give("no issuer is called %q; the issuers are %s", i.Issuer, strings.Join(p.issuers, ", "))
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

// attempt is the search for a counterexample of one invariant.
type attempt struct {
	*prover
	invariant *Invariant
	on        []part
	questions int
	together  int
	seen      map[string]bool // what is held by those who were looked at

	found     *Counterexample
	undecided string
}

// part is a resource of the invariant, with the actions that are asked on the resource.
type part struct {
	access.Region
	text    string
	actions []string
}

func (a *attempt) give(why string, values ...any) {
	if a.undecided == "" {
		a.undecided = fmt.Sprintf(why, values...)
	}
}

// about says whether the policy bears on the invariant.
func (a *attempt) about(h *held) *held {
	if h.known != a.invariant {
		h.known, h.met, h.denies = a.invariant, false, false
		for _, on := range a.on {
			h.met = h.met || a.made.Meets(h.Granted, on.actions, on.Region, false)
			h.denies = h.denies || a.made.Meets(h.Granted, on.actions, on.Region, true)
		}
	}
	return h
}

// new returns true if nobody who was looked at holds the same.
func (a *attempt) new(h *holder) bool {
	var key strings.Builder
	tells := false
	for _, list := range [][]*held{h.policies, h.guards} {
		for _, one := range list {
			if one := a.about(one); one.met || one.denies {
				fmt.Fprintf(&key, "%d,", one.number)
				tells = tells || one.tellsGroups
			}
		}
		key.WriteByte(';')
	}
	key.WriteString(h.issuer + "\x00" + h.Subject + "\x00" + h.Policy + "\x00" + h.Account)
	if tells {
		key.WriteString("\x00" + strings.Join(h.Groups, "\x00"))
	}
	if a.seen[key.String()] {
		return false
	}
	a.seen[key.String()] = true
	return true
}

// accepts returns true if the invariant is about the holder. An invariant of one issuer is about its tokens
// alone.
func (a *attempt) accepts(h *holder) bool {
	return a.invariant.Issuer == "" || h.Account == "" && a.invariant.Issuer == h.issuer
}

// excepted returns true if the invariant says nothing of the identity.
func (a *attempt) excepted(id *Identity) bool {
	return slices.ContainsFunc(a.invariant.Except, func(w Who) bool { return w.is(id, a.Mapping) }) ||
		a.invariant.Kind == Always && !a.invariant.Principal.is(id, a.Mapping)
}

// identityOf returns the identity of a holder whose group's name has the texts.
func (a *attempt) identityOf(h *holder, with *assignment) Identity {
	if h.Account != "" {
		return Identity{Account: h.Account}
	}
	id := Identity{Issuer: a.issuerName(h.issuer), Subject: h.Subject}
	if id.Subject == "" {
		id.Subject = with.subject
	}
	if id.Subject == "" {
		taken := slices.Clone(a.subjects)
		for _, w := range a.invariant.Except {
			taken = append(taken, w.Name)
		}
		id.Subject = freshName("somebody", taken)
	}
	for _, group := range h.Groups {
		for made, text := range with.texts {
			group = strings.ReplaceAll(group, made, text)
		}
		id.Groups = append(id.Groups, group)
	}
	if h.Policy != "" {
		id.Policy = []string{h.Policy}
	}
	if w := a.invariant.Principal; a.invariant.Kind == Always && w.Kind == "claim" {
		if w.Name != a.Mapping.ClaimName() {
			id.Claims = map[string]any{}
			setClaim(id.Claims, w.Name, w.Value)
		} else if w.Value != h.Policy {
			id.Policy = append(id.Policy, w.Value)
		}
	}
	return id
}

// holds returns what an identity holds.
func (a *attempt) holds(id *Identity) *mapping.Grants {
	if id.Account != "" {
		return a.Mapping.Account(id.Account, a.Now)
	}
	return a.Mapping.Principal(mapping.Principal{Issuer: id.Issuer, Subject: id.Subject, Groups: id.Groups, Claim: id.Policy}, a.Now)
}

// put puts a request to the Judge. broken is true if the answer breaks the invariant. same is true if the
// facts change nothing of what the identity holds.
func (a *attempt) put(id Identity, req Request, facts []fact) (broken, same bool) {
	told, req, ok := with(id, req, facts)
	if !ok || a.excepted(&told) {
		return false, true
	}
	same = told.Subject == id.Subject && len(told.Groups) == len(id.Groups)
	a.questions++
	allow, err := a.Judge(told, req)
	if err != nil {
		a.give("a question could not be put: %v", err)
		return false, false
	}
	if allow != (a.invariant.Kind == Never) {
		return false, same
	}
	told.Groups, told.Policy = append([]string{}, told.Groups...), append([]string{}, told.Policy...)
	if told.Claims == nil {
		told.Claims = map[string]any{}
	}
	a.found = &Counterexample{told, req, allow}
	return true, same
}
