package gateway

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
	"github.com/claimgate/claimgate/verifier"
)

// Decision is the answer and everything that led to it. The zero value denies.
type Decision struct {
	ID     ID
	Reason Reason
	// Detail and Hint say in words what was wrong and which setting to change;
	// they are for the log and never hold a token.
	Detail, Hint string

	// Identity is who was told by a verified token or by attested claims, nil
	// where it did not come to that. It is there on denials too.
	Identity *verifier.Identity
	// Claim is what the policy claim names, as it stands there.
	Claim []string
	// Attested says that Identity rests on MinIO's word, not on a token.
	Attested bool
	// Grants are the grants that were weighed, nil where it did not come to that.
	Grants *mapping.Grants
	// Answer is the statement that decided, where one did.
	Answer mapping.Answer
	// Revision is the mapping's.
	Revision string
	// Outcome compares the answer with that of the next mapping, if there is one. Shadow is
	// what the next mapping would say, if that differs in the answer or the reason.
	Outcome Outcome
	Shadow  *Shadow

	values values
	asked  policy.Request
}

// Read lists what conditions and variables have read of the request, by their
// keys. It shares the request's memory.
func (d *Decision) Read() map[string][]string {
	if len(d.values.read) == 0 {
		return nil
	}
	read := make(map[string][]string, len(d.values.read))
	for _, key := range d.values.read {
		read[key] = withoutTokens(key, d.values.value(key))
	}
	return read
}

// tokenLike matches a signed token inside a claim, such as authentik_token.
var tokenLike = regexp.MustCompile(`[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}`)

// withoutTokens replaces tokens inside the values of a claim: key. Such a key may name any claim.
func withoutTokens(key string, values []string) []string {
	if !strings.HasPrefix(key, "claim:") {
		return values
	}
	for i := range values {
		values[i] = tokenLike.ReplaceAllString(values[i], "[a token, not shown]")
	}
	return values
}

// Allow reports whether the request may proceed. There is no second place that
// says so.
func (d *Decision) Allow() bool { return d.Reason.Allows() }

// ID names a decision in the answer's header and in the decision log.
type ID [16]byte

// String returns the ID as 32 hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ids gives out IDs that are unique within the process by a counter and among
// processes by 64 random bits.
type ids struct {
	process uint64
	count   atomic.Uint64
}

func newIDs() *ids {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails, says its documentation
	return &ids{process: binary.BigEndian.Uint64(random[:])}
}

func (i *ids) next() (id ID) {
	n := i.count.Add(1)
	binary.BigEndian.PutUint64(id[:8], i.process)
	binary.BigEndian.PutUint64(id[8:], n)
	return id
}
