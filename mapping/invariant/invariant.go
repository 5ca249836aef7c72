package invariant

import (
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping"
)

// Kind is the kind of an Invariant: Never or Always.
type Kind string

// The kinds.
const (
	Never  Kind = "never"
	Always Kind = "always"
)

// Invariant is one [[never]] or [[always]] of a file of invariants.
type Invariant struct {
	Name      string
	Kind      Kind
	Actions   []string // the known actions that the patterns match, sorted
	Resources []string // as a policy writes them
	Except    []Who    // of Never
	Principal Who      // of Always
	Issuer    string   // only tokens of this issuer count; empty: of any issuer
	File      string
	Line      int
}

// Who is a group, a subject, a static key, or a value of a claim.
type Who struct {
	Kind  string // "group", "user", "account" or "claim"
	Name  string // the group, the subject, the key, or the name of the claim as policy.ClaimKey writes the name
	Value string // the value of the claim
}

// String returns the form that a file of invariants uses, such as group:NAME.
func (w Who) String() string {
	if w.Kind == "claim" {
		return "claim:" + w.Name + "=" + w.Value
	}
	return w.Kind + ":" + w.Name
}

// parseWho reads group:NAME, user:SUB, account:NAME or claim:NAME=VALUE.
func parseWho(text string) (w Who, ok bool) {
	kind, name, _ := strings.Cut(text, ":")
	switch kind {
	case "group", "user", "account":
		return Who{Kind: kind, Name: name}, name != ""
	case "claim":
		name, value, found := strings.Cut(name, "=")
		return Who{kind, name, value}, found && name != "" && value != ""
	}
	return w, false
}

// Identity is who asks, with the keys of the identity of a [[case]].
type Identity struct {
	Subject string         `json:"sub"`
	Issuer  string         `json:"issuer"`
	Groups  []string       `json:"groups"`
	Policy  []string       `json:"policy"` // the value of the claim that may grant policies
	Claims  map[string]any `json:"claims"`
	Account string         `json:"account"`
}

// Request is what is asked, with the keys of the request of a [[case]].
type Request struct {
	Action     string              `json:"action"`
	Bucket     string              `json:"bucket"`
	Object     string              `json:"object"`
	Conditions map[string][]string `json:"conditions"`
}

// Counterexample is a request that breaks an invariant.
type Counterexample struct {
	Identity Identity `json:"identity"`
	Request  Request  `json:"request"`
	Allow    bool     `json:"allow"`
}

// Judge answers a request as the running gateway does.
type Judge func(Identity, Request) (allow bool, err error)

// Verdict says whether an invariant holds. The zero Verdict is Undecided.
type Verdict uint8

// The verdicts.
const (
	Undecided Verdict = iota
	Holds
	Violated
)

// Result is an invariant with its verdict.
type Result struct {
	Invariant
	Verdict        Verdict
	Counterexample *Counterexample // set if Violated
	Why            string          // set if Undecided
}

// is returns true if the identity is the subject or key, is in the group, or has the claim that w names.
func (w Who) is(id *Identity, m *mapping.Mapping) bool {
	switch w.Kind {
	case "group":
		return slices.Contains(id.Groups, w.Name)
	case "user":
		return id.Account == "" && id.Subject == w.Name
	case "account":
		return id.Account == w.Name
	}
	if w.Name == m.ClaimName() && slices.ContainsFunc(id.Policy, func(p string) bool { return strings.EqualFold(p, w.Value) }) {
		return true
	}
	return claimHas(id.Claims, w.Name, w.Value)
}
