package verifier

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/claimgate/claimgate/verifier/jwks"
	"github.com/dgraph-io/ristretto/v2"
)

// verified is the outcome of steps 1 to 6 for one token. It never changes after it is
// cached.
type verified struct {
	judged
	issuer *issuer
	set    *jwks.Set // the key set in use when the token was verified
	key    *jwks.Key // the key that verified the token
	bad    *Error    // why the token is refused; nil if it is good

	until       time.Time // end of the cache entry
	payloadSize int       // in bytes; the identity keeps the payload

	checked bool // a signature was checked, so a bad outcome is worth caching
}

// trustedBy reports whether the key that verified the token is in set.
func (f *verified) trustedBy(set *jwks.Set) bool { return set == f.set || set.Holds(f.key) }

// size estimates the memory of a cache entry, in bytes.
func (f *verified) size() int64 {
	n := entryOverhead + f.payloadSize
	for _, c := range f.identity.claims {
		n += 64 + 16*len(c.values)
	}
	return int64(n)
}

// entryOverhead contains the 56 bytes that ristretto adds to an entry; with
// IgnoreInternalCost ristretto does not count them itself.
const entryOverhead = 512

// tokenCache remembers the outcome for good and bad tokens. An entry does not prove that
// the token still counts: find checks that the key is still in the key set, and the
// caller checks the time.
//
// It has two layers. The front layer maps the text of a token to its SHA-256 and its
// entry: MinIO asks three times per GET, and hashing a 2 KB token costs more than the
// rest of the lookup. A hit requires the whole text to be equal. The front layer holds
// only verified tokens, at most 512 of at most 16 KiB each. So forged tokens neither
// replace verified tokens nor fill the memory. The back layer maps the SHA-256 to the entry, bounded in
// bytes.
type tokenCache struct {
	seed  maphash.Seed
	front [frontSlots]atomic.Pointer[frontEntry]
	turn  atomic.Uint32

	good, bad *digestCache

	hits, misses atomic.Uint64
}

const (
	frontSlots     = 512
	frontMaxLength = 16 << 10
	// Of the tokens whose slot is taken, only every replaceEvery-th replaces the entry in
	// the slot. If more tokens are in use than there are slots, copying each one costs
	// more than it saves.
	replaceEvery = 16
)

type frontEntry struct {
	token  string
	digest [32]byte
	found  atomic.Pointer[verified] // the newest entry of the back layer
}

// valid returns the back layer's entry, or nil if the entry has ended or its key is not
// in the current key set.
func (e *frontEntry) valid(now time.Time) *verified {
	if f := e.found.Load(); f != nil && now.Before(f.until) && f.trustedBy(f.issuer.keys.Newest()) {
		return f
	}
	return nil
}

// newTokenCache returns a cache that uses at most bytes for good tokens, and a sixteenth
// of bytes, at least 1 MiB, for bad tokens.
func newTokenCache(bytes int64) (*tokenCache, error) {
	c := &tokenCache{seed: maphash.MakeSeed()}
	var err error
	if c.good, err = newDigestCache(bytes); err == nil {
		c.bad, err = newDigestCache(max(bytes/16, 1<<20))
	}
	return c, err
}

// find returns the digest of a token and its entry, or nil.
func (c *tokenCache) find(token string, now time.Time) (digest [32]byte, _ *verified) {
	slot := c.slot(token)
	e := slot.Load()
	if e != nil && e.token == token {
		if f := e.valid(now); f != nil {
			c.hits.Add(1)
			return e.digest, f
		}
		digest = e.digest
	} else {
		e = nil
		digest = sha256.Sum256(bytesOf(token))
	}
	f := c.byDigest(&digest)
	switch {
	case f == nil || f.bad != nil:
	case e != nil:
		e.found.Store(f)
	default:
		c.keepInFront(slot, token, f)
	}
	return digest, f
}

// slot returns the front slot of a token. The slot is chosen by the end of the token, a part of its signature, which no
// two tokens share. Hashing the whole token would cost as much as comparing it.
func (c *tokenCache) slot(token string) *atomic.Pointer[frontEntry] {
	const end = 64
	return &c.front[maphash.String(c.seed, token[max(0, len(token)-end):])%frontSlots]
}

// byDigest returns the entry for a token, or nil. The key of a good token must be in the
// current key set. A bad token is bad under the same key set only.
func (c *tokenCache) byDigest(digest *[32]byte) *verified {
	if f := c.good.get(digest); f != nil && f.trustedBy(f.issuer.keys.Newest()) {
		c.hits.Add(1)
		return f
	}
	if f := c.bad.get(digest); f != nil && f.issuer.keys.Newest() == f.set {
		c.hits.Add(1)
		return f
	}
	c.misses.Add(1)
	return nil
}

// keepInFront puts a verified token into a slot of the front layer. It copies the text,
// because the text belongs to the request.
func (c *tokenCache) keepInFront(slot *atomic.Pointer[frontEntry], token string, f *verified) {
	if len(token) > frontMaxLength || (slot.Load() != nil && c.turn.Add(1)%replaceEvery != 0) {
		return
	}
	e := &frontEntry{token: strings.Clone(token), digest: f.identity.Digest}
	e.found.Store(f)
	slot.Store(e)
}

// close forgets every token. find and the digest caches' put may still be called.
func (c *tokenCache) close() {
	c.good.close()
	c.bad.close()
	for i := range c.front {
		c.front[i].Store(nil)
	}
}

// bytesOf returns the bytes of s without a copy. The caller must not write to them.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) } //nolint:gosec // read only, see above

// digestCache maps the SHA-256 of a token to its entry. ristretto keeps a 64-bit
// hash of the key only and may drop entries, so get compares the whole digest and a
// miss means "verify", never "refuse".
type digestCache struct {
	cache  *ristretto.Cache[uint64, *verified]
	mu     sync.RWMutex // ristretto panics if something is put while it closes
	closed bool
}

func newDigestCache(bytes int64) (*digestCache, error) {
	c, err := ristretto.NewCache(&ristretto.Config[uint64, *verified]{
		NumCounters:        max(10*bytes/2048, 1000), // ten per entry, as ristretto advises
		MaxCost:            bytes,
		BufferItems:        64,
		IgnoreInternalCost: true,
	})
	if err != nil {
		return nil, fmt.Errorf("the token cache: %w", err)
	}
	return &digestCache{cache: c}, nil
}

func (c *digestCache) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.cache.Close()
}

func (c *digestCache) get(digest *[32]byte) *verified {
	v, ok := c.cache.Get(hash64(digest))
	if !ok || v.identity.Digest != *digest {
		return nil
	}
	return v
}

func (c *digestCache) put(f *verified, ttl time.Duration) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return
	}
	c.cache.SetWithTTL(hash64(&f.identity.Digest), f, f.size(), ttl)
}

// hash64 is the key that ristretto keeps: a part of the digest.
func hash64(digest *[32]byte) uint64 { return binary.LittleEndian.Uint64(digest[:]) }
