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

// cache holds the grants of identities, and the answers to requests whose policies have no condition.
// Every entry belongs to one mapping: its key has the mapping, or the sum of grants of that mapping. So
// no entry of the old mapping is found after a reload.
//
// ristretto keeps 64-bit hashes of keys and may drop entries. So each entry holds its whole key, and a
// miss only means that the value is computed.
type cache struct {
	seed      maphash.Seed
	grants    *ristretto.Cache[uint64, *grantsEntry]
	decisions *ristretto.Cache[uint64, *decisionEntry]
	// Front caches of the newest entries. ristretto counts lookups, so a lookup in ristretto costs more than
	// a decision.
	recentGrants    frontcache.Cache[grantsEntry]
	recentDecisions frontcache.Cache[decisionEntry]
	// seen marks requests that were decided before. Only a marked request gets an entry: MinIO asks about
	// most objects a few times within one request, and never again. The entry, with ristretto's work in
	// the background, doubles the cost of the decision.
	seen [seenSlots]atomic.Uint32

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

// decisionKey holds everything that a condition-free decision depends on. Identities with the same
// grants share an entry.
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

// seenSlots is the number of marks: 256 KiB. If two requests share a slot, each removes the mark of the other.
const seenSlots = 1 << 16

// askedBefore reports whether the request of this hash is marked, and marks it.
func (c *cache) askedBefore(hash uint64) bool {
	mark, slot := uint32(hash>>32)|1, &c.seen[hash%seenSlots]
	if slot.Load() == mark {
		return true
	}
	slot.Store(mark)
	return false
}

// maxNames bounds the length of action, bucket and object of an entry together, in bytes. Clients choose
// these names, and MinIO may ask before it checks them.
const maxNames = 384

// maxEntryAge bounds how long an entry keeps an old mapping in memory.
const maxEntryAge = 5 * time.Minute

func newCache(entries int64) *cache {
	return &cache{
		seed: maphash.MakeSeed(), grants: newRistretto[*grantsEntry](entries), decisions: newRistretto[*decisionEntry](entries),
	}
}

// newRistretto returns a cache of the given number of entries. It panics if entries is not positive.
// ristretto advises ten counters per entry, which is 50 MB for a million entries. One counter per entry
// separates frequent keys from rare keys well enough. Without IgnoreInternalCost the cache would hold a
// fifth of the entries.
func newRistretto[V any](entries int64) *ristretto.Cache[uint64, V] {
	c, err := ristretto.NewCache(&ristretto.Config[uint64, V]{
		NumCounters: max(entries, 1000), MaxCost: entries, BufferItems: 64, IgnoreInternalCost: true,
	})
	if err != nil {
		panic(err) // the only cause is a size that is not positive
	}
	return c
}

// clearFront drops the entries of the front caches, which may belong to an old mapping.
func (c *cache) clearFront() {
	c.recentGrants.Clear()
	c.recentDecisions.Clear()
}

func (c *cache) close() {
	c.clearFront()
	c.grants.Close()
	c.decisions.Close()
}

// grantsOf returns the grants of an identity under a mapping. claim holds the values of the policy claim.
func (c *cache) grantsOf(m *mapping.Mapping, id *verifier.Identity, claim []string, clock func() time.Time) *mapping.Grants {
	key := grantsKey{m, id.Digest}
	// The hash is a part of the digest, without the mapping, so the entry of a new mapping replaces that of
	// the old mapping.
	hash := binary.LittleEndian.Uint64(id.Digest[:])
	if e := c.recentGrants.Get(hash); e != nil && e.key == key && inForce(e.grants, clock) {
		return e.grants
	}
	if e, ok := c.grants.Get(hash); ok && e.key == key && inForce(e.grants, clock) {
		c.recentGrants.Put(hash, e)
		return e.grants
	}
	// The grants keep strings of these lists. The strings are copied, because views would keep the token's
	// payload in memory.
	grants := m.Principal(mapping.Principal{
		Issuer: id.Issuer, Subject: id.Subject, Groups: cloned(id.Groups), Claim: cloned(claim),
	}, clock())
	c.grants.SetWithTTL(hash, &grantsEntry{key, grants}, 1, maxEntryAge)
	return grants
}

func cloned(list []string) []string {
	own := make([]string, len(list))
	for i, s := range list {
		own[i] = strings.Clone(s)
	}
	return own
}

// inForce reports whether no rule behind the grants has expired. It reads the clock only for grants that
// can expire.
func inForce(grants *mapping.Grants, clock func() time.Time) bool {
	until := grants.Until()
	return until.IsZero() || clock().Before(until)
}

// evaluate evaluates the guards, then the policies. guarded means that a guard denied. If no condition and
// no variable is read, evaluate caches the answer from the second request on.
func (c *cache) evaluate(grants *mapping.Grants, req *policy.Request) (guarded bool, answer mapping.Answer) {
	if !grants.Unconditional() || len(req.Action)+len(req.Bucket)+len(req.Object) > maxNames {
		return evaluate(grants, req)
	}
	key := decisionKey{grants.Sum(), req.Action, req.Bucket, req.Object, req.DenyOnly}
	hash := maphash.Comparable(c.seed, key)
	if e := c.recentDecisions.Get(hash); e != nil && e.key == key {
		c.hits.Add(1)
		return e.guarded, e.answer
	}
	if !c.askedBefore(hash) {
		c.misses.Add(1)
		return evaluate(grants, req)
	}
	if e, ok := c.decisions.Get(hash); ok && e.key == key {
		c.recentDecisions.Put(hash, e)
		c.hits.Add(1)
		return e.guarded, e.answer
	}
	c.misses.Add(1)
	guarded, answer = evaluate(grants, req)
	// The strings share the memory of the request, which the server uses again.
	key.action, key.bucket, key.object = strings.Clone(key.action), strings.Clone(key.bucket), strings.Clone(key.object)
	c.decisions.SetWithTTL(hash, &decisionEntry{key, guarded, answer}, 1, maxEntryAge)
	return guarded, answer
}
