package invariant

import (
	"fmt"
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping/access"
)

// always searches for an identity with the principal that is denied one of the actions. A request is denied
// because of one Deny, or because no Allow applies. So always looks at the principal alone, and together with
// each other principal whose policies deny something.
func (a *attempt) always() {
	for _, issuer := range a.tokenIssuers() {
		h := a.holder(a.principal(), issuer)
		if a.findDenied(h); a.found != nil {
			return
		}
	}
	if a.invariant.Principal.Kind == "account" {
		return
	}
	denied := map[string]bool{}
	for _, other := range a.holders {
		if other.Account != "" || !slices.Contains(a.tokenIssuers(), other.issuer) || other.Subject != "" && a.invariant.Principal.Kind == "user" {
			continue
		}
		key := a.denyKey(other)
		if key == "" || denied[key] {
			continue
		}
		denied[key] = true
		if p := a.principal(); p.Policy != "" && other.Policy != "" && p.Policy != other.Policy {
			a.undecide("a token may name both %s and %s, and policies that a token names together are not tried", p.Name, other.Name)
		}
		if a.findDenied(a.with(other)); a.found != nil {
			return
		}
	}
}

// tokenIssuers returns the issuers whose tokens the invariant is about: its own issuer, or every issuer with a name.
func (a *attempt) tokenIssuers() []string {
	if a.invariant.Issuer != "" {
		return []string{a.invariant.Issuer}
	}
	named := slices.DeleteFunc(slices.Clone(a.issuers), func(i string) bool { return i == access.OtherIssuer })
	if len(named) == 0 {
		return []string{access.OtherIssuer}
	}
	return named
}

// principal returns the principal of the invariant for package access.
func (a *attempt) principal() *access.Principal {
	w := a.invariant.Principal
	p := &access.Principal{Name: w.String()}
	switch w.Kind {
	case "group":
		p.Groups = []string{w.Name}
	case "user":
		p.Subject = w.Name
	case "account":
		p.Account = w.Name
	case "claim":
		if w.Name == a.Mapping.ClaimName() {
			p.Claim, p.Policy = w.Name, w.Value
		}
	}
	return p
}

// with returns a holder who is the principal of the invariant and the other holder at once.
func (a *attempt) with(other *holder) *holder {
	p := a.principal()
	both := p.With(other.Principal)
	if both.Subject == "" {
		both.Subject = other.Subject
	}
	if both.Policy == "" {
		both.Claim, both.Policy = other.Claim, other.Policy
	}
	return a.holder(both, other.issuer)
}

// denyKey returns a key of the policies of the holder that deny something of the invariant. Two holders with the
// same key have the same such policies, issuer and subject. The key is empty if there is no such policy.
func (a *attempt) denyKey(h *holder) string {
	var key strings.Builder
	for _, one := range h.policies {
		if a.relevance(one).denies {
			fmt.Fprintf(&key, "%d,", one.number)
		}
	}
	if key.Len() > 0 {
		key.WriteString(h.issuer + "\x00" + h.Subject)
	}
	return key.String()
}

// findDenied searches for a request that the holder is denied.
func (a *attempt) findDenied(h *holder) {
	a.oneValue(h)
	seen := map[string]bool{}
	for _, on := range a.on {
		for _, action := range on.actions {
			if a.alreadyTried(h, action, on, seen) {
				continue
			}
			if a.findDeniedOn(h, action, on); a.found != nil {
				return
			}
		}
	}
}

// alreadyTried returns true if an action of the same kind, with the same statements, was tried on the same resource.
// alreadyTried adds the action to seen.
func (a *attempt) alreadyTried(h *holder, action string, on part, seen map[string]bool) bool {
	key := fmt.Sprint(access.KindOf(action), action[:strings.Index(action, ":")+1], on.text)
	for _, list := range [][]*held{h.policies, h.guards} {
		for _, one := range list {
			for i, s := range a.symbolic.Statements(one.Granted) {
				if s.Covers(action) {
					key += fmt.Sprintf(" %d.%d", one.number, i)
				}
			}
		}
		key += ";"
	}
	before := seen[key]
	seen[key] = true
	return before
}

// findDeniedOn searches for a request with the action that the holder is denied.
func (a *attempt) findDeniedOn(h *holder, action string, on part) {
	list, sure := a.assignments(h, a.symbolic.Open(h.grants, action), on.In, true)
	found := a.tryAll(h, list, action, on, a.concrete.Refused, func(samples access.Samples, all bool) {
		sure = sure && samples.Sure && all
	})
	if !found && !sure {
		a.missed(h, "denied", action, on)
	}
}
