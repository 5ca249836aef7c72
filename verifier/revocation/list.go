package revocation

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/claimgate/claimgate/verifier"
)

// List remembers which sessions have ended. End adds the logouts of this process, Merge
// adds those that other processes share. Its methods may be called concurrently. Revoked
// does not allocate, and takes no lock while the list is empty.
type List struct {
	now       func() time.Time
	retention time.Duration
	maxBytes  int64       // for own revocations, and again for shared ones
	any       atomic.Bool // sessions or subjects is not empty

	mu       sync.RWMutex
	sessions map[name]time.Time // ended by sid; the end of the retention
	subjects map[name]subjectEnd
	seen     map[name]mark // by jti
	own      queue
	shared   queue
	dropped  uint64 // revocations forgotten early or refused because memory ran out
}

// name is a sid, sub or jti. Two issuers may use the same value.
type name struct{ issuer, value string }

type subjectEnd struct {
	before time.Time // sessions with this or an earlier iat have ended
	until  time.Time // the end of the retention
}

// mark says what the logout token with a jti has ended, and whether another process shared
// this.
type mark struct {
	target    name
	bySession bool
	shared    bool
}

// ending is one logout that counts.
type ending struct {
	mark
	jti    name
	before time.Time
	until  time.Time
}

// queue holds endings in the order of arrival. The first ending is forgotten first.
type queue struct {
	endings []ending
	bytes   int64
}

// defaultMaxBytes is enough for about 150,000 logouts of Authentik that this process
// received, and for as many shared ones.
const defaultMaxBytes = 64 << 20

// NewList returns an empty list. A revocation is remembered for retention. The retention
// must be as long as the longest life of a session or access key. now is the clock; nil
// means time.Now.
func NewList(now func() time.Time, retention time.Duration) *List {
	if now == nil {
		now = time.Now
	}
	return &List{
		now: now, retention: retention, maxBytes: defaultMaxBytes,
		sessions: make(map[name]time.Time), subjects: make(map[name]subjectEnd), seen: make(map[name]mark),
	}
}

// Retention returns how long a revocation is remembered.
func (l *List) Retention() time.Duration { return l.retention }

// End revokes what a verified logout token names. A token with sid ends that session only.
// A token with sub alone ends every session of the subject whose iat is not later than the
// token's. End returns false, and does nothing, if the jti has counted before. If memory
// runs out, the oldest revocations are forgotten.
func (l *List) End(o *Logout) bool {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(now)
	e := ending{jti: name{o.Issuer, o.ID}, mark: markOf(o.Issuer, o.Session, o.Subject, false), before: o.IssuedAt, until: now.Add(l.retention)}
	if o.Expires.After(e.until) {
		e.until = o.Expires // the jti must be remembered as long as the token verifies
	}
	// A signed token counts even if a shared entry claims that its jti has ended something else.
	if before, again := l.seen[e.jti]; again && (!before.shared || before.target == e.target && before.bySession == e.bySession) {
		return false
	}
	l.add(&l.own, e)
	return true
}

func markOf(issuer, session, subject string, shared bool) mark {
	if session != "" {
		return mark{target: name{issuer, session}, bySession: true, shared: shared}
	}
	return mark{target: name{issuer, subject}, shared: shared}
}

func (l *List) add(to *queue, e ending) {
	if e.bySession {
		l.sessions[e.target] = later(l.sessions[e.target], e.until)
	} else { // logout tokens may arrive out of order
		old := l.subjects[e.target]
		l.subjects[e.target] = subjectEnd{later(old.before, e.before), later(old.until, e.until)}
	}
	l.seen[e.jti] = e.mark
	to.endings = append(to.endings, e)
	to.bytes += e.size()
	l.any.Store(true)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Revoked reports whether the session of an identity has ended. A logout by sid ends the
// session with that sid. A logout by subject ends the session if the iat of the identity
// is not later than the iat of the logout, or is absent. session is the sid that MinIO
// attests; it is used if the identity has no sid.
func (l *List) Revoked(id *verifier.Identity, session string) bool {
	if !l.any.Load() {
		return false
	}
	if id.Session != "" {
		session = id.Session
	}
	now := l.now()
	l.mu.RLock()
	defer l.mu.RUnlock()
	if session != "" && now.Before(l.sessions[name{id.Issuer, session}]) {
		return true
	}
	end, found := l.subjects[name{id.Issuer, id.Subject}]
	return found && now.Before(end.until) && (id.IssuedAt.IsZero() || !id.IssuedAt.After(end.before))
}

// Counts are numbers of revocations.
type Counts struct {
	Sessions, Subjects int    // sessions and subjects that are revoked now
	Dropped            uint64 // revocations forgotten early or refused because memory ran out
}

// Counts returns the counts now.
func (l *List) Counts() Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(l.now())
	return Counts{len(l.sessions), len(l.subjects), l.dropped}
}

// forget drops the endings that are over and, above maxBytes, the oldest ones. l.mu is
// held. A queue is sorted by until, except for tokens with a long exp and for shared
// entries. These only delay when the endings behind them are dropped.
func (l *List) forget(now time.Time) {
	for _, from := range []*queue{&l.own, &l.shared} {
		l.forgetFrom(from, now)
	}
	if len(l.own.endings)+len(l.shared.endings) == 0 {
		l.any.Store(false)
	}
}

func (l *List) forgetFrom(from *queue, now time.Time) {
	for n := range from.endings {
		e := &from.endings[n]
		switch over := !now.Before(e.until); {
		case !over && from.bytes <= l.maxBytes:
			from.endings = from.endings[n:]
			return
		case !over:
			l.dropped++
		}
		from.bytes -= e.size()
		l.drop(e)
		*e = ending{}
	}
	from.endings = nil
}

// drop forgets one ending. The session or subject stays revoked if a newer ending names it.
func (l *List) drop(e *ending) {
	if l.seen[e.jti].shared == e.shared {
		delete(l.seen, e.jti)
	}
	switch {
	case e.bySession && l.sessions[e.target].Equal(e.until):
		delete(l.sessions, e.target)
	case !e.bySession && l.subjects[e.target].until.Equal(e.until):
		delete(l.subjects, e.target)
	}
}

// size estimates the memory of an ending in bytes: its entries in two maps and in the
// queue, and the texts.
func (e *ending) size() int64 {
	const entries = 440
	return int64(entries + len(e.jti.value) + len(e.target.value))
}
