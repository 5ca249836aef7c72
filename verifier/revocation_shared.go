package verifier

import (
	"time"
)

// Revocation is one entry of Revocations, as processes tell each other of it.
type Revocation struct {
	Issuer  string    // the configured name of the issuer
	Session string    // sid; "" where every session of the subject ends
	Subject string    // sub, where Session is ""
	ID      string    // jti of the logout token
	Before  time.Time // its iat: later sessions of the subject are untouched
	Until   time.Time // how long it is remembered
}

// Merge takes a revocation that another process was told of, in any order and
// any number of times. It reports whether it is new here.
//
// It is believed as far as it can only deny: one that names nothing is not
// taken, none is kept longer than one of this process's own would be, and beyond
// the bound of memory the new one is refused rather than an older one forgotten.
func (r *Revocations) Merge(s Revocation) bool {
	if s.Issuer == "" || s.ID == "" || (s.Session == "") == (s.Subject == "") {
		return false
	}
	now := r.now()
	if !now.Before(s.Until) {
		return false
	}
	e := ending{jti: revoked{s.Issuer, s.ID}, mark: markOf(s.Issuer, s.Session, s.Subject, true), before: s.Before, until: s.Until}
	if longest := now.Add(r.retention); e.until.After(longest) {
		e.until = longest
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, again := r.seen[e.jti]; again {
		return false
	}
	if r.shared.bytes+e.cost() > r.limit {
		r.forget(now)
		if r.shared.bytes+e.cost() > r.limit {
			r.dropped++
			return false
		}
	}
	r.add(&r.shared, e)
	return true
}

// All lists every revocation that counts now, own and shared ones, the oldest of
// each first.
func (r *Revocations) All() []Revocation {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(now)
	all := make([]Revocation, 0, len(r.own.queue)+len(r.shared.queue))
	for _, from := range []*endings{&r.own, &r.shared} {
		for n := range from.queue {
			if e := &from.queue[n]; now.Before(e.until) {
				all = append(all, e.revocation())
			}
		}
	}
	return all
}

func (e *ending) revocation() Revocation {
	s := Revocation{Issuer: e.what.issuer, ID: e.jti.value, Before: e.before, Until: e.until}
	if e.bySession {
		s.Session = e.what.value
	} else {
		s.Subject = e.what.value
	}
	return s
}
