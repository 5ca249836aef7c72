package revocation

import "time"

// Entry is one revocation as processes share it.
type Entry struct {
	Issuer  string    // the configured name of the issuer
	Session string    // sid; "" if every session of the subject ends
	Subject string    // sub, if Session is ""
	ID      string    // jti of the logout token
	Before  time.Time // iat of the logout token: later sessions of the subject are not affected
	Until   time.Time // the end of the retention
}

// Merge adds an entry that another process shares. Entries may come in any order and any
// number of times. Merge reports whether the entry was added.
//
// A shared entry can only add denials. An entry that does not name exactly one session or
// one subject is refused. No entry is kept longer than the retention. If memory runs out,
// the new entry is refused and older entries stay.
func (l *List) Merge(s Entry) bool {
	if s.Issuer == "" || s.ID == "" || (s.Session == "") == (s.Subject == "") {
		return false
	}
	now := l.now()
	if !now.Before(s.Until) {
		return false
	}
	e := ending{jti: name{s.Issuer, s.ID}, mark: markOf(s.Issuer, s.Session, s.Subject, true), before: s.Before, until: s.Until}
	if longest := now.Add(l.retention); e.until.After(longest) {
		e.until = longest
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, again := l.seen[e.jti]; again {
		return false
	}
	if l.shared.bytes+e.size() > l.maxBytes {
		l.forget(now)
		if l.shared.bytes+e.size() > l.maxBytes {
			l.dropped++
			return false
		}
	}
	l.add(&l.shared, e)
	return true
}

// All returns every revocation that counts now: first those of End, then those of Merge,
// both in the order of arrival.
func (l *List) All() []Entry {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(now)
	all := make([]Entry, 0, len(l.own.endings)+len(l.shared.endings))
	for _, from := range []*queue{&l.own, &l.shared} {
		for n := range from.endings {
			if e := &from.endings[n]; now.Before(e.until) {
				all = append(all, e.entry())
			}
		}
	}
	return all
}

func (e *ending) entry() Entry {
	s := Entry{Issuer: e.target.issuer, ID: e.jti.value, Before: e.before, Until: e.until}
	if e.bySession {
		s.Session = e.target.value
	} else {
		s.Subject = e.target.value
	}
	return s
}
