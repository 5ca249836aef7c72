package policy

import "bytes"

// SessionKind says how a session policy is to be evaluated. The zero value grants nothing.
type SessionKind uint8

const (
	// SessionUnreadable is a document that does not load. The request is denied.
	SessionUnreadable SessionKind = iota
	// SessionEmpty is a document without version, statements and id, such as null or {}. An access key
	// has the rights of its parent; a session is denied.
	SessionEmpty
	// SessionNoVersion is a document without a version, but with statements or an id. A session is
	// denied. For an access key the policy must allow the request as well.
	SessionNoVersion
	// SessionRestricted is a policy that must allow the request as well, evaluated with denyOnly and owner
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

// ParseSession reads the decoded JSON of a claim "sessionPolicy". For SessionUnreadable the Policy is nil
// and the error is not; for all other kinds it is the other way round.
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
