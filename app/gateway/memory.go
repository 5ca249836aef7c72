package gateway

import (
	"encoding/binary"
	"hash/maphash"
	"strings"
	"sync/atomic"
	"time"

	"github.com/claimgate/claimgate/internal/frontcache"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
	"github.com/claimgate/claimgate/verifier"
	"github.com/dgraph-io/ristretto/v2"
)

// memory remembers what identities are granted and what condition-free
// questions were answered. Every entry names the mapping it was made under,
// itself or through what is held, which belongs to one mapping, and a lookup
// compares that: after a reload nothing of the old mapping is found again.
//
// ristretto keeps 64-bit hashes of keys and may drop what it is given. So each
// entry holds its whole key, and a miss always means "work it out".
type memory struct {
	seed      maphash.Seed
	grants    *ristretto.Cache[uint64, *grantsEntry]
	decisions *ristretto.Cache[uint64, *decisionEntry]
	// In front of both, what was asked for a moment ago: to ask ristretto, which
	// counts how often keys are asked for, costs more than the decision.
	nearGrants    frontcache.Cache[grantsEntry]
	nearDecisions frontcache.Cache[decisionEntry]

	hits, misses atomic.Uint64 // of decisions
}

type grantsKey struct {
	mapping *mapping.Mapping
	digest  [32]byte // of the token or the attested claims
}

type grantsEntry struct {
	key    grantsKey
	grants *mapping.Grants
}

// decisionKey is all that a condition-free decision depends on. Everybody who
// holds the same shares what is remembered.
type decisionKey struct {
	sum                    mapping.Sum
	action, bucket, object string
	denyOnly               bool
}

type decisionEntry struct {
	key     decisionKey
	guarded bool
	answer  mapping.Answer
}

// longNames bounds what an entry holds, in bytes: clients choose the names of
// objects and buckets, which MinIO need not have found legal when it asks.
const longNames = 384

// keep bounds how long an entry of an old mapping holds on to it.
const keep = 5 * time.Minute

func newMemory(entries int64) *memory {
	return &memory{
		seed: maphash.MakeSeed(), grants: newCache[*grantsEntry](entries), decisions: newCache[*decisionEntry](entries),
	}
}

// newCache makes a cache of so many entries. ristretto advises ten counters an
// entry, for caches that are always full; at a million entries that alone would
// be 50 MB, and one counter tells frequent keys from rare ones well enough.
// Without IgnoreInternalCost it would keep a fifth of the entries.
func newCache[V any](entries int64) *ristretto.Cache[uint64, V] {
	c, err := ristretto.NewCache(&ristretto.Config[uint64, V]{
		NumCounters: max(entries, 1000), MaxCost: entries, BufferItems: 64, IgnoreInternalCost: true,
	})
	if err != nil {
		panic(err) // it refuses sizes that are not positive, and nothing else
	}
	return c
}

// reloaded lets go of what the mapping before was asked.
func (m *memory) reloaded() {
	m.nearGrants.Clear()
	m.nearDecisions.Clear()
}

func (m *memory) close() {
	m.reloaded()
	m.grants.Close()
	m.decisions.Close()
}

// principal returns what an identity is granted under a mapping.
func (m *memory) principal(in *mapping.Mapping, id *verifier.Identity, claim []string, clock func() time.Time) *mapping.Grants {
	key := grantsKey{in, id.Digest}
	// A part of the digest, which also makes a new mapping's entry take the place of
	// the old one's.
	hash := binary.LittleEndian.Uint64(id.Digest[:])
	if e := m.nearGrants.Get(hash); e != nil && e.key == key && inForce(e.grants, clock) {
		return e.grants
	}
	if e, ok := m.grants.Get(hash); ok && e.key == key && inForce(e.grants, clock) {
		m.nearGrants.Put(hash, e)
		return e.grants
	}
	// What is granted keeps texts of these lists. They are views of the token's
	// payload, which must not be kept by them once the token is forgotten.
	grants := in.Principal(mapping.Principal{
		Issuer: id.Issuer, Subject: id.Subject, Groups: cloned(id.Groups), Claim: cloned(claim),
	}, clock())
	m.grants.SetWithTTL(hash, &grantsEntry{key, grants}, 1, keep)
	return grants
}

func cloned(list []string) []string {
	own := make([]string, len(list))
	for i, s := range list {
		own[i] = strings.Clone(s)
	}
	return own
}

// inForce reports whether no rule behind the grants has expired since. Most
// grants never do, and the clock is not read for them.
func inForce(grants *mapping.Grants, clock func() time.Time) bool {
	until := grants.Until()
	return until.IsZero() || clock().Before(until)
}

// evaluate asks the guards and then the policies. Where no condition and no
// variable is read, the answer is remembered.
func (m *memory) evaluate(grants *mapping.Grants, asked *policy.Request) (guarded bool, answer mapping.Answer) {
	if !grants.Unconditional() || len(asked.Action)+len(asked.Bucket)+len(asked.Object) > longNames {
		return evaluate(grants, asked)
	}
	key := decisionKey{grants.Sum(), asked.Action, asked.Bucket, asked.Object, asked.DenyOnly}
	hash := maphash.Comparable(m.seed, key)
	if e := m.nearDecisions.Get(hash); e != nil && e.key == key {
		m.hits.Add(1)
		return e.guarded, e.answer
	}
	if e, ok := m.decisions.Get(hash); ok && e.key == key {
		m.nearDecisions.Put(hash, e)
		m.hits.Add(1)
		return e.guarded, e.answer
	}
	m.misses.Add(1)
	guarded, answer = evaluate(grants, asked)
	// The strings are the request's, whose memory is used again after it.
	key.action, key.bucket, key.object = strings.Clone(key.action), strings.Clone(key.bucket), strings.Clone(key.object)
	m.decisions.SetWithTTL(hash, &decisionEntry{key, guarded, answer}, 1, keep)
	return guarded, answer
}

func evaluate(grants *mapping.Grants, asked *policy.Request) (guarded bool, answer mapping.Answer) {
	if answer, guarded = grants.Guard(asked); guarded {
		return true, answer
	}
	return false, grants.Evaluate(asked)
}
