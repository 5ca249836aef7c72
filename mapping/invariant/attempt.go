package invariant

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
)

// attempt is the search for a counterexample to one invariant.
type attempt struct {
	*prover
	invariant *Invariant
	on        []part
	questions int             // see maxQuestions
	judged    bool            // a request was judged
	together  int             // see maxTogether
	seen      map[string]bool // keys of the holders that were tried; see isNew

	found     *Counterexample
	undecided string // the first reason why the search is not complete
}

// part is a resource of the invariant, with the actions that MinIO may ask about the resource.
type part struct {
	access.Region
	text    string
	actions []string
}

// undecide records why the search is not complete.
func (a *attempt) undecide(why string, values ...any) {
	if a.undecided == "" {
		a.undecided = fmt.Sprintf(why, values...)
	}
}

// missed records that the search expects a counterexample that it has not found.
func (a *attempt) missed(h *holder, answer, action string, on part) {
	if a.questions >= maxQuestions {
		a.undecide("the search ended after %d requests; split the invariant by actions or resources", maxQuestions)
		return
	}
	a.undecide("%s may be %s %s on %s, and no tried request is", h.Name, answer, action, on.text)
}

// relevance returns the policy with allows and denies for the invariant of this attempt.
func (a *attempt) relevance(h *held) *held {
	if h.invariant != a.invariant {
		h.invariant, h.allows, h.denies = a.invariant, false, false
		for _, on := range a.on {
			h.allows = h.allows || a.symbolic.Meets(h.Granted, on.actions, on.Region, false)
			h.denies = h.denies || a.symbolic.Meets(h.Granted, on.actions, on.Region, true)
		}
	}
	return h
}

// isNew returns true if no holder that was tried has the same policies that apply to the invariant, the same
// issuer, subject, claim and account, and the same groups, if a condition reads the groups.
func (a *attempt) isNew(h *holder) bool {
	var key strings.Builder
	readsGroups := false
	for _, list := range [][]*held{h.policies, h.guards} {
		for _, one := range list {
			if one := a.relevance(one); one.allows || one.denies {
				fmt.Fprintf(&key, "%d,", one.number)
				readsGroups = readsGroups || one.readsGroups
			}
		}
		key.WriteByte(';')
	}
	key.WriteString(h.issuer + "\x00" + h.Subject + "\x00" + h.Policy + "\x00" + h.Account)
	if readsGroups {
		key.WriteString("\x00" + strings.Join(h.Groups, "\x00"))
	}
	if a.seen[key.String()] {
		return false
	}
	a.seen[key.String()] = true
	return true
}

// accepts returns true if the invariant is about the holder. An invariant with an issuer is only about tokens of
// that issuer.
func (a *attempt) accepts(h *holder) bool {
	return a.invariant.Issuer == "" || h.Account == "" && a.invariant.Issuer == h.issuer
}

// excepted returns true if the invariant is not about the identity: a Never excepts the identity, or the
// identity does not have the principal of an Always.
func (a *attempt) excepted(id *Identity) bool {
	return slices.ContainsFunc(a.invariant.Except, func(w Who) bool { return w.is(id, a.Mapping) }) ||
		a.invariant.Kind == Always && !a.invariant.Principal.is(id, a.Mapping)
}

// identityOf returns the holder as an identity. The assignment gives the texts of placeholders and the subject.
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
		for placeholder, text := range with.texts {
			group = strings.ReplaceAll(group, placeholder, text)
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

// holds returns the grants of an identity.
func (a *attempt) holds(id *Identity) *mapping.Grants {
	if id.Account != "" {
		return a.Mapping.Account(id.Account, a.Now)
	}
	return a.Mapping.Principal(mapping.Principal{Issuer: id.Issuer, Subject: id.Subject, Groups: id.Groups, Claim: id.Policy}, a.Now)
}

// ask gives a request with the facts to the Judge. broken is true if the answer breaks the invariant. same is true
// if the facts do not change the grants of the identity, or if the request does not count.
func (a *attempt) ask(id Identity, req Request, facts []fact) (broken, same bool) {
	changed, req, ok := withFacts(id, req, facts)
	if !ok && id.Account != "" && slices.ContainsFunc(a.assumed, func(f fact) bool { return inToken(f.key) }) {
		a.undecide("account %q has no token, so an assumption about a token cannot be tried", id.Account)
	}
	if !ok || a.excepted(&changed) {
		return false, true
	}
	same = changed.Subject == id.Subject && len(changed.Groups) == len(id.Groups)
	a.questions++
	allow, err := a.Judge(changed, req)
	a.judged = a.judged || err == nil
	if errors.Is(err, ErrNoToken) {
		return false, false
	}
	if err != nil {
		a.undecide("a request could not be judged: %v", err)
		return false, false
	}
	if allow != (a.invariant.Kind == Never) {
		return false, same
	}
	changed.Groups, changed.Policy = append([]string{}, changed.Groups...), append([]string{}, changed.Policy...)
	if changed.Claims == nil {
		changed.Claims = map[string]any{}
	}
	a.found = &Counterexample{changed, req, allow}
	return true, same
}

// try gives the Judge a request for each sample, with every set of facts that could decide the invariant, until an
// answer breaks it. sure is true if no other facts could give another answer.
func (a *attempt) try(id Identity, action string, samples []access.Sample, tests []access.Test, s *assignment) (found, sure bool) {
	// A key that the assignment fixes has a single value, so the search is not complete if a test reads the key, or if
	// the Judge sets another value.
	sure = !slices.ContainsFunc(tests, func(t access.Test) bool { return slices.Contains(s.keys, t.Key) }) && !slices.ContainsFunc(s.keys, a.overwritten)
	facts := slices.Concat(a.assumed, s.facts)
	choices, all := a.choices(tests, facts)
	sure = sure && all
	for _, sample := range samples {
		req := Request{Action: action, Bucket: sample.Bucket, Object: sample.Object}
		var last []fact
		found, every := contexts(choices, facts, min(maxContexts, maxQuestions-a.questions), func(changed []fact) bool {
			broken, same := a.ask(id, req, changed)
			sure = sure && same
			last = changed
			return broken
		})
		if found {
			a.simplify(id, req, slices.Clone(last), len(facts), tests)
			return true, true
		}
		sure = sure && every
	}
	return false, sure
}

// simplify leaves out the facts of a counterexample to an Always that do not matter, and replaces unreadable values
// by readable ones. The first fixed facts stay.
func (a *attempt) simplify(id Identity, req Request, facts []fact, fixed int, tests []access.Test) {
	if a.invariant.Kind == Never {
		return
	}
	for i := fixed; i < len(facts); i++ {
		values, _ := candidates(facts[i].key, slices.DeleteFunc(slices.Clone(tests), func(t access.Test) bool { return t.Key != facts[i].key }))
		worst := facts[i].value
		for _, v := range append([]any{nil}, values...) {
			facts[i].value = v
			if broken, _ := a.ask(id, req, facts); broken {
				worst = v
				break
			}
		}
		facts[i].value = worst
	}
}

// tryAll tries the samples of each identity that the assignments make of the holder, until an answer breaks the
// invariant. samplesOf is Permitted or Refused of access.Reader. tryAll calls tried for each identity whose
// answers do not break the invariant. all is true if no other facts could give another answer.
func (a *attempt) tryAll(
	h *holder, list []*assignment, action string, on part,
	samplesOf func(*mapping.Grants, string, access.Region, access.Value) access.Samples, tried func(samples access.Samples, all bool),
) (found bool) {
	// The assignments have texts for resources. A condition could need another text for a capture.
	captures := slices.ContainsFunc(slices.Concat(h.policies, h.guards), func(one *held) bool {
		return one.readsCaptures && (a.relevance(one).allows || one.denies)
	})
	for _, s := range list {
		id := a.identityOf(h, s)
		if a.excepted(&id) {
			continue
		}
		g := a.holds(&id)
		samples := samplesOf(g, action, on.Region, value(&id, slices.Concat(a.assumed, s.facts)))
		found, all := a.try(id, action, samples.List, a.concrete.Tests(g, action, on.Region), s)
		if found {
			return true
		}
		tried(samples, all && !captures)
	}
	return false
}
