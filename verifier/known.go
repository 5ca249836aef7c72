package verifier

import (
	"crypto/sha256"
	"time"
)

// known returns the digest of a token and what is remembered of it, nil for nothing.
func (v *Verifier) known(token string, now time.Time) (digest [32]byte, _ *verified) {
	d, slot := v.recent.find(token)
	if d == nil {
		digest = sha256.Sum256(bytesOf(token))
	} else {
		digest = d.digest
		if f := d.still(now); f != nil {
			v.stats.hit.Add(1)
			return digest, f
		}
	}
	f := v.remembered(&digest)
	switch {
	case f == nil || f.bad != nil:
	case d != nil:
		d.found.Store(f)
	default:
		v.recent.keep(slot, token, f)
	}
	return digest, f
}

// remembered returns what is known of a token by its digest, if it still counts: the key
// that verified it must be in the set of now, and a bad signature is bad only
// as long as the set is the same.
func (v *Verifier) remembered(digest *[32]byte) *verified {
	if f := v.good.get(digest); f != nil {
		if f.trustedBy(f.source.set.Load()) {
			v.stats.hit.Add(1)
			return f
		}
	}
	if f := v.bad.get(digest); f != nil && f.source.set.Load() == f.set {
		v.stats.hit.Add(1)
		return f
	}
	v.stats.miss.Add(1)
	return nil
}
