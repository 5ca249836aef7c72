package jwks

import (
	"errors"
	"fmt"
	"time"

	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/verifier/internal/quote"
)

// maxKeys is the largest number of keys in a set. Authentik publishes one signing key. A
// larger set is a mistake or an attack, so the whole set is refused.
const maxKeys = 100

// Set is one good answer of an issuer. It never changes.
type Set struct {
	byKid   map[string][]*Key
	raw     []byte
	fetched time.Time
	skipped []string
	refused map[string]string // by kid: why a key with the kid is not usable
}

// Refused returns why a key with that kid is not usable, or "" if no key with that kid was refused.
func (s *Set) Refused(kid string) string {
	return s.refused[kid]
}

// Keys returns the usable signing keys with that kid.
func (s *Set) Keys(kid string) []*Key { return s.byKid[kid] }

// Size returns the number of usable signing keys.
func (s *Set) Size() int {
	n := 0
	for _, keys := range s.byKid {
		n += len(keys)
	}
	return n
}

// Holds reports whether the set has the same key under the same kid, for the same
// algorithms.
func (s *Set) Holds(k *Key) bool {
	for _, have := range s.byKid[k.kid] {
		if have.digest == k.digest {
			return true
		}
	}
	return false
}

// Fetched returns the time of the fetch, by Config.Now.
func (s *Set) Fetched() time.Time { return s.fetched }

// parseSet reads a JWK Set (RFC 7517 section 5). A key that is not for signatures, or is
// not supported, is skipped. A set without a usable key is an error: Authentik answers {}
// after its signing key was removed, and {} must not replace good keys.
func parseSet(data []byte) (*Set, error) {
	if len(data) > MaxAnswer {
		return nil, fmt.Errorf("the key set is larger than %d bytes", MaxAnswer)
	}
	doc, err := strictjson.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("the key set is not strict JSON: %w", err)
	}
	keys := doc.Root().Get("keys")
	switch {
	case keys.Kind() == strictjson.Missing:
		return nil, errors.New(`the key set has no "keys"; choose a "Signing Key" on the Authentik provider`)
	case keys.Kind() != strictjson.Array:
		return nil, fmt.Errorf(`"keys" of the key set is %s, not a list`, keys.Kind())
	case keys.Len() > maxKeys:
		return nil, fmt.Errorf("the key set has %d keys, more than %d", keys.Len(), maxKeys)
	}
	set := &Set{byKid: make(map[string][]*Key), raw: data, refused: make(map[string]string)}
	n := 0
	for v := range keys.Elements() {
		k, err := parseKey(v)
		if err != nil {
			set.skip(n, v.Get("kid").Text(), err)
		} else if !set.Holds(k) {
			set.byKid[k.kid] = append(set.byKid[k.kid], k)
		}
		n++
	}
	if len(set.byKid) == 0 {
		return nil, fmt.Errorf("the key set has no usable signing key %v", set.skipped)
	}
	return set, nil
}

// skip records why key n of the set is not usable.
func (s *Set) skip(n int, kid string, why error) {
	name := fmt.Sprintf("key %d", n)
	if kid != "" && len(kid) <= MaxKid {
		name = "key " + quote.Value(kid)
		s.refused[kid] = why.Error()
	}
	s.skipped = append(s.skipped, name+": "+why.Error())
}
