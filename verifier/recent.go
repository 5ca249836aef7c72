package verifier

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"
)

// recent remembers the SHA-256 of tokens that come again and again, and what was
// found of them: MinIO asks three times about one GET, and the digest of a token of
// two kilobytes costs more than the rest of finding it. Nothing is believed of a
// token because it is here: the text is compared whole, and what was found is
// judged anew each time.
//
// Only tokens that were verified are kept, so that nobody else can push them out
// or fill the memory; at most recentSlots of at most recentLength bytes, 8 MiB, and as
// much for what was found.
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
	found  atomic.Pointer[verified] // what was last found in the memory for tokens
}

// still is what was found, as long as that would still be remembered: until its
// time, and with its key in the set of now.
func (d *digested) still(now time.Time) *verified {
	if f := d.found.Load(); f != nil && now.Before(f.until) && f.trustedBy(f.source.set.Load()) {
		return f
	}
	return nil
}

func newRecent() *recent { return &recent{seed: maphash.MakeSeed()} }

// find returns what is known of a token, nil where it is not here, and then the slot
// where it might be kept.
func (r *recent) find(token string) (*digested, *atomic.Pointer[digested]) {
	slot := &r.slots[maphash.String(r.seed, token)%recentSlots]
	if d := slot.Load(); d != nil && d.token == token {
		return d, nil
	}
	return nil, slot
}

// bytesOf is the text of s without the copy that a conversion would make on every
// request. Whoever gets it must not write to it.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) } //nolint:gosec // read only, see above

// keep keeps a verified token in a slot. The text is copied: it is the request's.
func (r *recent) keep(slot *atomic.Pointer[digested], token string, f *verified) {
	if len(token) > recentLength || (slot.Load() != nil && r.turn.Add(1)%recentTurn != 0) {
		return
	}
	d := &digested{token: strings.Clone(token), digest: f.identity.Digest}
	d.found.Store(f)
	slot.Store(d)
}

// clear forgets every token.
func (r *recent) clear() {
	for i := range r.slots {
		r.slots[i].Store(nil)
	}
}
