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

// Decision is the answer to a Request, with everything that led to the answer. The zero value denies.
type Decision struct {
	ID     ID
	Reason Reason
	// Detail says what was wrong, Hint which setting to change. Both are for the log and never hold
	// a token.
	Detail, Hint string

	// Identity is the identity of the verified token or of the attested claims. It is nil if the
	// decision ended before there was one. A denial may have an Identity, too.
	Identity *verifier.Identity
	// Claim holds the values of the policy claim, unfiltered.
	Claim []string
	// Attested means that Identity comes from claims that MinIO attests, not from a token.
	Attested bool
	// Grants are the grants that were evaluated. nil: the decision ended before step 8.
	Grants *mapping.Grants
	// Answer names the statement that decided, if one did.
	Answer mapping.Answer
	// Revision is the revision of the mapping.
	Revision string
	// Outcome compares the answer with the answer of the next mapping, if there is a next mapping.
	// Shadow is the decision of the next mapping, or nil if its reason is the same.
	Outcome Outcome
	Shadow  *Shadow

	values values
	req    policy.Request
}

// Read returns the values that conditions and variables of policies have read, by key. The strings
// share the request's memory.
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

// tokenLike matches a signed token inside a claim. The claim authentik_token holds one.
var tokenLike = regexp.MustCompile(`[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}`)

// withoutTokens replaces tokens inside the values of a "claim:" key, because the key may name any claim.
func withoutTokens(key string, values []string) []string {
	if !strings.HasPrefix(key, "claim:") {
		return values
	}
	for i := range values {
		values[i] = tokenLike.ReplaceAllString(values[i], "[a token, not shown]")
	}
	return values
}

// Allow reports whether the request may proceed. Callers use nothing else of the Decision to find out.
func (d *Decision) Allow() bool { return d.Reason.Allows() }

// ID identifies a decision in the answer's header and in the decision log.
type ID [16]byte

// String returns the ID as 32 hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ids makes IDs. A counter tells the IDs of a process apart, and 64 random bits tell processes apart.
type ids struct {
	process uint64
	count   atomic.Uint64
}

func newIDs() *ids {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never returns an error
	return &ids{process: binary.BigEndian.Uint64(random[:])}
}

func (i *ids) next() (id ID) {
	n := i.count.Add(1)
	binary.BigEndian.PutUint64(id[:8], i.process)
	binary.BigEndian.PutUint64(id[8:], n)
	return id
}
