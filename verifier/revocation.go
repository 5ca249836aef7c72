package verifier

import (
	"sync"
	"sync/atomic"
	"time"
)

// Revocations remember which sessions have ended. Their methods may be called
// concurrently; Revoked allocates nothing and, while nothing was revoked, takes
// no lock.
type Revocations struct {
	now       func() time.Time
	retention time.Duration
	limit     int64       // most bytes to remember
	any       atomic.Bool // whether sessions or subjects hold anything

	mu       sync.RWMutex
	sessions map[revoked]time.Time  // ended by sid; until when that is remembered
	subjects map[revoked]subjectEnd // ended by sub
	seen     map[revoked]time.Time  // by jti
	queue    []ending               // in the order of End, for what is to be forgotten
	bytes    int64
	dropped  uint64 // revocations forgotten before their time, for want of room
}

// revoked names what has ended: two issuers may give out the same sid or sub.
type revoked struct{ issuer, value string }

type subjectEnd struct {
	before time.Time // sessions with an iat not later are over
	until  time.Time
}

// ending is one logout token that counted.
type ending struct {
	jti, what revoked
	bySession bool
	until     time.Time
}

// revocationBytes bounds the memory: some 150,000 logouts of Authentik. Only
// issuers can fill it, anybody else's logout tokens are refused.
const revocationBytes = 64 << 20

// NewRevocations makes an empty store. A revocation is remembered for retention,
// which must cover the life of any session or access key; now is the clock, nil
// for time.Now.
func NewRevocations(now func() time.Time, retention time.Duration) *Revocations {
	if now == nil {
		now = time.Now
	}
	return &Revocations{
		now: now, retention: retention, limit: revocationBytes,
		sessions: make(map[revoked]time.Time), subjects: make(map[revoked]subjectEnd), seen: make(map[revoked]time.Time),
	}
}

// End revokes what a verified logout token names: with sid that session only,
// with sub alone every session of the subject whose iat is not later. It reports
// false where the jti has counted before.
func (r *Revocations) End(l *Logout) bool {
	now := r.now()
	jti := revoked{l.Issuer, l.ID}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(now)
	if _, again := r.seen[jti]; again {
		return false
	}
	until := now.Add(r.retention)
	if l.Expires.After(until) {
		until = l.Expires // as long as the token verifies, its jti must be known
	}
	e := ending{jti: jti, what: revoked{l.Issuer, l.Session}, bySession: l.Session != "", until: until}
	if e.bySession {
		r.sessions[e.what] = until
	} else {
		e.what.value = l.Subject
		before := l.IssuedAt
		if old := r.subjects[e.what].before; old.After(before) {
			before = old // logout tokens may arrive out of order
		}
		r.subjects[e.what] = subjectEnd{before, until}
	}
	r.seen[jti] = until
	r.queue = append(r.queue, e)
	r.bytes += e.cost()
	r.any.Store(true)
	return true
}

// Revoked reports whether the session of an identity has ended: by its sid or,
// where it has none, by session, the sid that MinIO attests; or by its subject,
// where it began not later than the logout. An identity without iat can't show
// that it began later.
func (r *Revocations) Revoked(id *Identity, session string) bool {
	if !r.any.Load() {
		return false
	}
	if id.Session != "" {
		session = id.Session
	}
	now := r.now()
	r.mu.RLock()
	defer r.mu.RUnlock()
	if session != "" && now.Before(r.sessions[revoked{id.Issuer, session}]) {
		return true
	}
	end, found := r.subjects[revoked{id.Issuer, id.Subject}]
	return found && now.Before(end.until) && (id.IssuedAt.IsZero() || !id.IssuedAt.After(end.before))
}

// RevocationCounts are how many revocations count now, and how many were
// forgotten before their time because there was no room.
type RevocationCounts struct {
	Sessions, Subjects int
	Dropped            uint64
}

// Counts tells how many revocations count now.
func (r *Revocations) Counts() RevocationCounts {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(r.now())
	return RevocationCounts{len(r.sessions), len(r.subjects), r.dropped}
}

// forget drops what is over and, beyond the limit, what is oldest. The order of
// the queue is that of until but for tokens with a long exp, which only delay
// what is behind them.
func (r *Revocations) forget(now time.Time) {
	n := 0
	for ; n < len(r.queue); n++ {
		e := &r.queue[n]
		switch over := !now.Before(e.until); {
		case !over && r.bytes <= r.limit:
			r.queue = r.queue[n:]
			return
		case !over:
			r.dropped++
		}
		r.bytes -= e.cost()
		r.drop(e)
		*e = ending{}
	}
	r.queue = nil
	r.any.Store(false)
}

// drop forgets one ending, unless a newer one speaks of the same.
func (r *Revocations) drop(e *ending) {
	delete(r.seen, e.jti)
	switch {
	case e.bySession && r.sessions[e.what].Equal(e.until):
		delete(r.sessions, e.what)
	case !e.bySession && r.subjects[e.what].until.Equal(e.until):
		delete(r.subjects, e.what)
	}
}

// cost is about what an ending takes of the heap: its entries in two maps and in
// the queue, and its text.
func (e *ending) cost() int64 {
	const entries = 320
	return int64(entries + len(e.jti.value) + len(e.what.value))
}
