// Package decoder reads bodies of any dialect, faster if a body resembles an earlier one.
package decoder

import (
	"hash/maphash"
	"slices"
	"sync/atomic"

	"github.com/claimgate/claimgate/app/dialect"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/strictjson"
)

// Decoder decodes bodies as its Dialect does. It keeps patterns of earlier bodies, and decodes a body faster if
// the body resembles a pattern: the questions of one session differ little. A pattern never changes what a body
// means.
//
// A Decoder may be used concurrently. To remove this optimization, delete internal/strictjson/pattern.go,
// dialect/pattern.go and this package, and call Dialect.Decode.
type Decoder struct {
	// Dialect is the dialect of the bodies.
	Dialect *dialect.Dialect
	// Evidence lists the names of conditions that may hold a token, evidence.keys. A pattern keeps their
	// values, because the token cache holds a token in use anyway.
	Evidence []string

	slots [patterns]atomic.Pointer[dialect.Pattern]
	turn  atomic.Uint32
}

const (
	// patterns is the number of patterns, patternSize the largest size of one in bytes. The patterns take
	// 16 MiB at most, and 3 MiB if a question has 4 KiB. patternSize also bounds the time that is lost on a
	// body that differs everywhere from its pattern.
	patterns    = 512
	patternSize = 32 << 10
	// keyLength is the number of leading bytes of a body that choose its pattern. MinIO's access keys have
	// 20 characters, so these bytes hold the account and the action.
	keyLength = 80
	// patternTurn is a rate: one of patternTurn bodies that resemble no pattern replaces a pattern. Copying
	// each such body would cost more than it saves.
	patternTurn = 16
)

// patternSeed is random, so that no client can choose whose pattern its body replaces.
var patternSeed = maphash.MakeSeed()

func (d *Decoder) slot(body []byte) *atomic.Pointer[dialect.Pattern] {
	return &d.slots[maphash.Bytes(patternSeed, body[:min(len(body), keyLength)])%patterns]
}

// Decode decodes a body as Dialect.Decode does.
func (d *Decoder) Decode(body []byte, doc *strictjson.Document) (gateway.Request, error) {
	return d.Dialect.DecodeLike(body, doc, d.slot(body).Load())
}

// Keep makes a pattern of a body that was decoded into doc and r, if the body resembles no pattern. The caller
// must call Keep for allowed questions only, so that a stranger's question cannot replace a pattern.
func (d *Decoder) Keep(body []byte, r *gateway.Request, doc *strictjson.Document) {
	if doc.Resembled() || doc.Size() > patternSize {
		return
	}
	slot := d.slot(body)
	if slot.Load() != nil && d.turn.Add(1)%patternTurn != 0 {
		return
	}
	slot.Store(d.Dialect.Pattern(doc, d.unneeded(r, doc)...))
}

// unneeded returns the strings of a body that a pattern must not keep: those of unknown members, and of
// conditions that are neither in Plain nor in Evidence. A client may send a secret in any of them. A value that
// repeats the claim of its name is kept, because the pattern keeps the claim anyway: MinIO repeats all claims
// that are strings.
func (d *Decoder) unneeded(r *gateway.Request, doc *strictjson.Document) (blank []strictjson.Value) {
	d.Dialect.Unread(doc, func(v strictjson.Value) { blank = appendStrings(blank, v) })
	for name, list := range r.Conditions.Members() {
		if n := name.View(); !d.Dialect.Plain[n] && !slices.Contains(d.Evidence, n) && !repeats(list, r.Claims.Get(n)) {
			blank = appendStrings(blank, list)
		}
	}
	return blank
}

// repeats reports whether the only value of a condition is the text of the claim.
func repeats(list, claim strictjson.Value) bool {
	return list.Len() == 1 && claim.Kind() == strictjson.String && list.First().Is(claim.View())
}

// appendStrings appends the strings of a value to list, at any depth.
func appendStrings(list []strictjson.Value, v strictjson.Value) []strictjson.Value {
	switch v.Kind() {
	case strictjson.String:
		list = append(list, v)
	case strictjson.Array:
		for e := range v.Elements() {
			list = appendStrings(list, e)
		}
	case strictjson.Object:
		for _, e := range v.Members() {
			list = appendStrings(list, e)
		}
	case strictjson.Missing, strictjson.Null, strictjson.True, strictjson.False, strictjson.Number:
	}
	return list
}
