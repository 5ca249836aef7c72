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

// cache remembers the grants of identities and the answers to condition-free
// questions. Every entry belongs to one mapping: its key names the mapping, or grants
// that belong to the mapping. After a reload no entry of the old mapping is found.
//
// ristretto keeps 64-bit hashes of keys and may drop entries. So each entry holds its
// whole key, and a miss always means "compute".
type cache struct {
	seed      maphash.Seed
	grants    *ristretto.Cache[uint64, *grantsEntry]
	decisions *ristretto.Cache[uint64, *decisionEntry]
	// The newest entries in front of both. ristretto counts lookups, so a lookup costs
	// more than a decision.
	recentGrants    frontcache.Cache[grantsEntry]
	recentDecisions frontcache.Cache[decisionEntry]
	// seen marks questions that were asked before. Most objects are asked about a few
	// times within one request and never again: an entry for each would cost more than the
	// decision, twice what it takes with the work that ristretto does in the background.
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

// decisionKey is everything that a condition-free decision depends on. Identities with
// the same grants share the entry.
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

// seenSlots is how many questions are marked as asked before: 256 KiB. A question that has
// lost its mark to another one is decided again.
const seenSlots = 1 << 16

// again reports whether the question of a hash was asked before, and marks the question.
func (c *cache) again(hash uint64) bool {
	mark, slot := uint32(hash>>32)|1, &c.seen[hash%seenSlots]
	if slot.Load() == mark {
		return true
	}
	slot.Store(mark)
	return false
}

// maxNames is the longest action, bucket and object together of an entry, in bytes.
// Clients choose these names, and MinIO may ask before it checks them.
const maxNames = 384

// maxEntryAge bounds how long an entry keeps an old mapping in memory.
const maxEntryAge = 5 * time.Minute

func newGrantsCache(entries int64) *cache {
	return &cache{
		seed: maphash.MakeSeed(), grants: newCache[*grantsEntry](entries), decisions: newCache[*decisionEntry](entries),
	}
}

// newCache returns a cache of so many entries. ristretto advises ten counters per
// entry: 50 MB for a million entries. One counter separates frequent keys from rare
// ones well enough. Without IgnoreInternalCost the cache would hold a fifth of the
// entries.
func newCache[V any](entries int64) *ristretto.Cache[uint64, V] {
	c, err := ristretto.NewCache(&ristretto.Config[uint64, V]{
		NumCounters: max(entries, 1000), MaxCost: entries, BufferItems: 64, IgnoreInternalCost: true,
	})
	if err != nil {
		panic(err) // only a size that is not positive is an error
	}
	return c
}

// clearFront drops the newest entries, which may belong to an old mapping.
func (c *cache) clearFront() {
	c.recentGrants.Clear()
	c.recentDecisions.Clear()
}

func (c *cache) close() {
	c.clearFront()
	c.grants.Close()
	c.decisions.Close()
}

// principal returns the grants of an identity under a mapping.
func (c *cache) principal(in *mapping.Mapping, id *verifier.Identity, claim []string, clock func() time.Time) *mapping.Grants {
	key := grantsKey{in, id.Digest}
	// A part of the digest: the entry of a new mapping replaces that of the old one.
	hash := binary.LittleEndian.Uint64(id.Digest[:])
	if e := c.recentGrants.Get(hash); e != nil && e.key == key && inForce(e.grants, clock) {
		return e.grants
	}
	if e, ok := c.grants.Get(hash); ok && e.key == key && inForce(e.grants, clock) {
		c.recentGrants.Put(hash, e)
		return e.grants
	}
	// The grants keep strings of these lists, so the lists are copied: views would keep
	// the token's payload in memory.
	grants := in.Principal(mapping.Principal{
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

// inForce reports whether no rule behind the grants has expired. The clock is not read
// for grants that never expire.
func inForce(grants *mapping.Grants, clock func() time.Time) bool {
	until := grants.Until()
	return until.IsZero() || clock().Before(until)
}

// evaluate evaluates the guards, then the policies. It caches the answer if no
// condition and no variable is read, from the second time on that it is asked for.
func (c *cache) evaluate(grants *mapping.Grants, asked *policy.Request) (guarded bool, answer mapping.Answer) {
	if !grants.Unconditional() || len(asked.Action)+len(asked.Bucket)+len(asked.Object) > maxNames {
		return evaluate(grants, asked)
	}
	key := decisionKey{grants.Sum(), asked.Action, asked.Bucket, asked.Object, asked.DenyOnly}
	hash := maphash.Comparable(c.seed, key)
	if e := c.recentDecisions.Get(hash); e != nil && e.key == key {
		c.hits.Add(1)
		return e.guarded, e.answer
	}
	if !c.again(hash) {
		c.misses.Add(1)
		return evaluate(grants, asked)
	}
	if e, ok := c.decisions.Get(hash); ok && e.key == key {
		c.recentDecisions.Put(hash, e)
		c.hits.Add(1)
		return e.guarded, e.answer
	}
	c.misses.Add(1)
	guarded, answer = evaluate(grants, asked)
	// The strings belong to the request, whose memory is used again.
	key.action, key.bucket, key.object = strings.Clone(key.action), strings.Clone(key.bucket), strings.Clone(key.object)
	c.decisions.SetWithTTL(hash, &decisionEntry{key, guarded, answer}, 1, maxEntryAge)
	return guarded, answer
}

func evaluate(grants *mapping.Grants, asked *policy.Request) (guarded bool, answer mapping.Answer) {
	if answer, guarded = grants.Guard(asked); guarded {
		return true, answer
	}
	return false, grants.Evaluate(asked)
}
