package policy

import "bytes"

// SessionKind says what a session policy asks for. The zero value is the one
// that grants nothing.
type SessionKind uint8

const (
	// SessionUnreadable is a document that does not load. Deny.
	SessionUnreadable SessionKind = iota
	// SessionEmpty is null, {} or the like: no version, no statement, no id. An
	// access key inherits what its parent may do; a session is denied.
	SessionEmpty
	// SessionNoVersion is a document without a version. A session is denied; an
	// access key may do what the statements allow.
	SessionNoVersion
	// SessionRestricted is a policy that must allow as well, with denyOnly and owner
	// taken as false.
	SessionRestricted
)

func (k SessionKind) String() string {
	switch k {
	case SessionEmpty:
		return "empty"
	case SessionNoVersion:
		return "no version"
	case SessionRestricted:
		return "restricted"
	case SessionUnreadable:
	}
	return "unreadable"
}

// ParseSession reads the decoded JSON of a claim "sessionPolicy". There is a
// policy for every kind but SessionUnreadable, and an error only for that.
func ParseSession(doc []byte) (*Policy, SessionKind, error) {
	const name = "session policy"
	src := Source{File: name}
	if isNull(doc) {
		return &Policy{name: name}, SessionEmpty, nil
	}
	p, err := Parse(name, doc, src)
	switch {
	case err != nil:
		return nil, SessionUnreadable, err
	case p.version == "" && p.id == "" && len(p.statements) == 0:
		return p, SessionEmpty, nil
	case p.version == "":
		return p, SessionNoVersion, nil
	}
	return p, SessionRestricted, nil
}

func isNull(doc []byte) bool { return string(bytes.TrimSpace(doc)) == "null" }
