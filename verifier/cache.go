package verifier

import (
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/dgraph-io/ristretto/v2"
)

// verified is what is remembered of a token whose steps 1 to 6 held, or of one
// whose signature was bad. It never changes.
type verified struct {
	judged
	source *keySource
	set    *keySet // the set that held key when the token was verified
	key    *key
	bad    *Error // why the token is refused; nil where it is good

	until   time.Time // it is to be forgotten
	payload int       // its bytes, which the identity keeps

	checked bool // a signature was checked, so doing it again would cost as much
}

// tokens remembers tokens by their SHA-256. ristretto keeps a 64-bit hash of
// the key only and may drop what it is given, so the whole digest is compared
// and a miss always means "verify", never "refuse".
type tokens struct {
	cache  *ristretto.Cache[uint64, *verified]
	mu     sync.RWMutex // ristretto panics where something is put while it closes
	closed bool
}

// Without IgnoreInternalCost ristretto charges 56 bytes an entry beyond the
// cost it is told; the estimate below contains them.
const entryOverhead = 512

func newTokens(bytes int64) (*tokens, error) {
	c, err := ristretto.NewCache(&ristretto.Config[uint64, *verified]{
		NumCounters:        max(10*bytes/2048, 1000), // ten for each entry that fits, as ristretto advises
		MaxCost:            bytes,
		BufferItems:        64,
		IgnoreInternalCost: true,
	})
	if err != nil {
		return nil, fmt.Errorf("the memory for tokens: %w", err)
	}
	return &tokens{cache: c}, nil
}

func (t *tokens) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.cache.Close()
}

func (t *tokens) get(digest *[32]byte) *verified {
	v, ok := t.cache.Get(hash64(digest))
	if !ok || v.identity.Digest != *digest {
		return nil
	}
	return v
}

func (t *tokens) put(v *verified, ttl time.Duration) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.closed {
		return
	}
	t.cache.SetWithTTL(hash64(&v.identity.Digest), v, v.cost(), ttl)
}

// hash64 is the key that ristretto keeps: a part of the digest.
func hash64(digest *[32]byte) uint64 { return binary.LittleEndian.Uint64(digest[:]) }

// cost is about what an entry takes of the heap.
func (f *verified) cost() int64 {
	n := entryOverhead + f.payload
	for _, c := range f.identity.claims {
		n += 64 + 16*len(c.values)
	}
	return int64(n)
}
