package verifier

import (
	"sync"
	"sync/atomic"
	"time"
)

// Revocations remember which sessions have ended: those that this process was
// told of by End, and those that others were told of and share, by Merge. Nothing
// takes a revocation back, so whoever shares can make it deny more, never less.
// Their methods may be called concurrently; Revoked allocates nothing and, while
// nothing was revoked, takes no lock.
type Revocations struct {
	now       func() time.Time
	retention time.Duration
	limit     int64       // most bytes to remember, of own and of shared ones each
	any       atomic.Bool // whether sessions or subjects hold anything

	mu       sync.RWMutex
	sessions map[revoked]time.Time // ended by sid; until when that is remembered
	subjects map[revoked]subjectEnd
	seen     map[revoked]mark // by jti
	own      endings
	shared   endings
	dropped  uint64 // revocations forgotten before their time, or not taken, for want of room
}

// revoked names what has ended: two issuers may give out the same sid or sub.
type revoked struct{ issuer, value string }

type subjectEnd struct {
	before time.Time // sessions with an iat not later are over
	until  time.Time
}

// mark is what a jti was seen to end, and whether another replica says so.
type mark struct {
	what      revoked
	bySession bool
	shared    bool
}

// ending is one logout that counts.
type ending struct {
	mark
	jti    revoked
	before time.Time
	until  time.Time
}

// endings are in the order in which they came, for what is to be forgotten.
type endings struct {
	queue []ending
	bytes int64
}

// revocationBytes bounds the memory: some 150,000 logouts of Authentik that came
// here, and as many that are shared.
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
		sessions: make(map[revoked]time.Time), subjects: make(map[revoked]subjectEnd), seen: make(map[revoked]mark),
	}
}

// End revokes what a verified logout token names: with sid that session only,
// with sub alone every session of the subject whose iat is not later. It reports
// false where the jti has counted before. Beyond the bound of memory the oldest
// are forgotten.
func (r *Revocations) End(l *Logout) bool {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(now)
	e := ending{jti: revoked{l.Issuer, l.ID}, mark: markOf(l.Issuer, l.Session, l.Subject, false), before: l.IssuedAt, until: now.Add(r.retention)}
	if l.Expires.After(e.until) {
		e.until = l.Expires // as long as the token verifies, its jti must be known
	}
	// A signed token counts whatever a shared entry says its jti has ended.
	if before, again := r.seen[e.jti]; again && (!before.shared || before.what == e.what && before.bySession == e.bySession) {
		return false
	}
	r.add(&r.own, e)
	return true
}

func markOf(issuer, session, subject string, shared bool) mark {
	if session != "" {
		return mark{what: revoked{issuer, session}, bySession: true, shared: shared}
	}
	return mark{what: revoked{issuer, subject}, shared: shared}
}

func (r *Revocations) add(to *endings, e ending) {
	if e.bySession {
		r.sessions[e.what] = later(r.sessions[e.what], e.until)
	} else { // logout tokens may arrive out of order
		old := r.subjects[e.what]
		r.subjects[e.what] = subjectEnd{later(old.before, e.before), later(old.until, e.until)}
	}
	r.seen[e.jti] = e.mark
	to.queue = append(to.queue, e)
	to.bytes += e.cost()
	r.any.Store(true)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
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
// forgotten before their time, or not taken, because there was no room.
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
// a queue is that of until but for tokens with a long exp and for what others
// share, which only delay what is behind them.
func (r *Revocations) forget(now time.Time) {
	for _, from := range []*endings{&r.own, &r.shared} {
		r.forgetOf(from, now)
	}
	if len(r.own.queue)+len(r.shared.queue) == 0 {
		r.any.Store(false)
	}
}

func (r *Revocations) forgetOf(from *endings, now time.Time) {
	for n := range from.queue {
		e := &from.queue[n]
		switch over := !now.Before(e.until); {
		case !over && from.bytes <= r.limit:
			from.queue = from.queue[n:]
			return
		case !over:
			r.dropped++
		}
		from.bytes -= e.cost()
		r.drop(e)
		*e = ending{}
	}
	from.queue = nil
}

// drop forgets one ending, unless a newer one speaks of the same.
func (r *Revocations) drop(e *ending) {
	if r.seen[e.jti].shared == e.shared {
		delete(r.seen, e.jti)
	}
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
	const entries = 440
	return int64(entries + len(e.jti.value) + len(e.what.value))
}

// Retention is how long a revocation is remembered.
func (r *Revocations) Retention() time.Duration { return r.retention }
