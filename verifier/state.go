package verifier

import (
	"net/url"
	"strings"
	"time"

	"github.com/claimgate/claimgate/verifier/introspection"
	"github.com/claimgate/claimgate/verifier/jwks"
)

// State is what is known of one issuer, for readiness and metrics.
type State struct {
	jwks.State

	Introspection *introspection.State `json:"introspection,omitempty"` // nil if introspection is off
}

// States returns the state of each issuer, in the order of Options.Issuers.
func (v *Verifier) States() []State {
	states := make([]State, 0, len(v.order))
	for _, i := range v.order {
		states = append(states, State{i.keys.State(), i.introspector.State()})
	}
	return states
}

// Ready reports whether at least one issuer has a usable key set.
func (v *Verifier) Ready() bool {
	for _, i := range v.order {
		if i.keys.At(v.now()) != nil {
			return true
		}
	}
	return false
}

// Stats are counts since New, except InFlight.
type Stats struct {
	Hits     uint64 // tokens found in the cache
	Misses   uint64 // tokens that had to be verified
	Refused  uint64 // tokens whose check failed in steps 1 to 6
	InFlight int    // signature checks that run or wait now
}

// Stats returns the counts so far.
func (v *Verifier) Stats() Stats {
	return Stats{v.cache.hits.Load(), v.cache.misses.Load(), v.refused.Load(), v.credentials.pool.InFlight()}
}

// unavailable returns the error for a key set that is missing or too old.
func (i *issuer) unavailable() *Error {
	e := refuse(KeysUnavailable, "no key set of the issuer "+i.config.Name+" could be fetched yet")
	if set := i.keys.Newest(); set != nil {
		e.Detail = "the last good key set of the issuer " + i.config.Name + " was fetched at " +
			set.Fetched().UTC().Format(time.RFC3339) + ", older than max_stale (" + i.config.MaxStale.String() + ")"
	}
	if why := i.keys.State().Error; why != "" {
		e.Detail += ": " + why
	}
	e.Hint = "see /readyz of the admin listener for the issuer's answer"
	return e
}

// similarURL returns the URL of a configured issuer that the operator may have meant,
// or "".
func (v *Verifier) similarURL(iss string) string {
	got, err := url.Parse(iss)
	if err != nil {
		return ""
	}
	for _, i := range v.order {
		want, err := url.Parse(i.config.URL)
		if err == nil && strings.EqualFold(strings.Trim(got.Path, "/"), strings.Trim(want.Path, "/")) {
			return i.config.URL
		}
	}
	return ""
}
