package policy

import "unsafe"

// Request is one request to decide. Bucket and Object are as MinIO sends them: Object is empty for calls on
// the bucket itself, and Bucket is empty too for admin calls.
type Request struct {
	Action, Bucket, Object string

	// DenyOnly marks a self-service request: it is allowed unless a Deny matches.
	DenyOnly bool
	Context  Context
}

// Outcome is the decision on a request. The zero Outcome denies.
type Outcome uint8

// The outcomes. Their order has no meaning.
const (
	ImplicitDeny  Outcome = iota // no statement allows the request
	ExplicitDeny                 // a Deny statement matches
	AllowDenyOnly                // the request is DenyOnly, and no Deny matches
	Allow                        // an Allow statement matches, and no Deny does
)

func (o Outcome) String() string {
	switch o {
	case ExplicitDeny:
		return "explicit deny"
	case AllowDenyOnly:
		return "deny only"
	case Allow:
		return "allow"
	case ImplicitDeny:
	}
	return "implicit deny"
}

// Result is a decision with its reason: the deciding statement, as its number within the policy of a grant,
// and the grant's number among those given to Compile. If no statement decided, Statement and Grant are -1
// and Policy is nil.
type Result struct {
	Outcome   Outcome
	Grant     int
	Policy    *Policy
	Statement int
}

// Allowed reports whether the request may proceed.
func (r Result) Allowed() bool { return r.Outcome == Allow || r.Outcome == AllowDenyOnly }

// Evaluate decides one request. The package comment lists the steps.
func (s *Set) Evaluate(r *Request) Result {
	if s == nil || !s.granted || r == nil {
		return undecided(ImplicitDeny)
	}
	id := -1
	if known, found := actionIDs[r.Action]; found {
		if !s.known.has(known) { // no statement is about the action
			if r.DenyOnly {
				return undecided(AllowDenyOnly)
			}
			return undecided(ImplicitDeny)
		}
		id = int(known)
	}
	// Most resources fit into this frame. The larger frame of evaluateLong fits the longest key that S3
	// allows, but takes longer to clear.
	var frame [256]byte
	if size := len(r.Bucket) + 1 + len(r.Object); size > len(frame) {
		return s.evaluateLong(r, id, size)
	}
	return s.evaluate(r, id, frame[:0])
}

func (s *Set) evaluateLong(r *Request, id, size int) Result {
	var frame [1152]byte
	if size > len(frame) {
		return s.evaluate(r, id, make([]byte, 0, size))
	}
	return s.evaluate(r, id, frame[:0])
}

func (s *Set) evaluate(r *Request, id int, frame []byte) Result {
	frame = append(frame, r.Bucket...)
	frame = append(frame, '/')
	frame = append(frame, r.Object...)
	t := target{
		bucket:   r.Bucket,
		resource: unsafe.String(&frame[0], len(frame)), //nolint:gosec // frame has at least the slash, and is not written again
		whole:    r.Object == "",
	}
	if e := s.first(true, r, id, &t); e != nil {
		return s.decided(ExplicitDeny, e)
	}
	if r.DenyOnly {
		return undecided(AllowDenyOnly)
	}
	if e := s.first(false, r, id, &t); e != nil {
		return s.decided(Allow, e)
	}
	return undecided(ImplicitDeny)
}

func undecided(o Outcome) Result { return Result{Outcome: o, Grant: -1, Statement: -1} }

func (s *Set) decided(o Outcome, e *entry) Result {
	return Result{Outcome: o, Grant: e.grant, Policy: s.grants[e.grant].Policy, Statement: e.number}
}
