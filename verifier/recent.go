package verifier

import (
	"crypto/sha256"
	"hash/maphash"
	"strings"
	"sync/atomic"
	"unsafe"
)

// recent remembers the SHA-256 of tokens that come again and again: MinIO asks
// three times about one GET, and the digest of a token of two kilobytes costs more
// than the rest of finding it. Nothing is believed of a token because it is here:
// the text is compared whole, and what is returned is its digest, no more.
//
// Only tokens that were verified are kept, so that nobody else can push them out
// or fill the memory; at most recentSlots of at most recentLength bytes, 8 MiB.
type recent struct {
	seed  maphash.Seed
	slots [recentSlots]atomic.Pointer[digested]
	turn  atomic.Uint32
}

const (
	recentSlots  = 512
	recentLength = 16 << 10
	// recentTurn is how many tokens come by until one takes a slot from another.
	// Where more are in use than there are slots, copying each would cost more
	// than it saves.
	recentTurn = 16
)

type digested struct {
	token  string
	digest [32]byte
}

func newRecent() *recent { return &recent{seed: maphash.MakeSeed()} }

// digest returns the SHA-256 of a token, and where it was worked out anew the
// slot where it might be kept.
func (r *recent) digest(token string) (digest [32]byte, slot *atomic.Pointer[digested]) {
	slot = &r.slots[maphash.String(r.seed, token)%recentSlots]
	if d := slot.Load(); d != nil && d.token == token {
		return d.digest, nil
	}
	return sha256.Sum256(bytesOf(token)), slot
}

// bytesOf is the text of s without the copy that a conversion would make on every
// request. Whoever gets it must not write to it.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) } //nolint:gosec // read only, see above

// keep keeps a verified token in a slot. The text is copied: it is the request's.
func (r *recent) keep(slot *atomic.Pointer[digested], token string, digest [32]byte) {
	if len(token) > recentLength || (slot.Load() != nil && r.turn.Add(1)%recentTurn != 0) {
		return
	}
	slot.Store(&digested{strings.Clone(token), digest})
}

// clear forgets every token.
func (r *recent) clear() {
	for i := range r.slots {
		r.slots[i].Store(nil)
	}
}
