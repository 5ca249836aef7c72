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

// Decoder reads bodies as its dialect does, and faster if a body resembles one that the Decoder keeps: a
// server's questions about one session differ little. What a Decoder keeps never changes what a body means.
//
// A new Decoder keeps nothing yet. Several goroutines may use a Decoder at once. Whoever deletes this
// way of reading deletes internal/strictjson/pattern.go, and lets Keep do nothing.
type Decoder struct {
	// Dialect is that of the bodies.
	Dialect *dialect.Dialect
	// Evidence are the names of conditions under which tokens come, evidence.keys. A pattern keeps their
	// values: a token in use is in the token cache as well.
	Evidence []string

	slots [patterns]atomic.Pointer[strictjson.Pattern]
	turn  atomic.Uint32
}

const (
	// A Decoder keeps so many patterns of at most patternSize bytes: 16 MiB at most, and 3 MiB if a
	// question has 4 KiB. The size also bounds the time for a text that differs everywhere from its
	// pattern.
	patterns    = 512
	patternSize = 32 << 10
	// keyLength is how many bytes of a body choose its pattern. MinIO's access keys have 20 characters,
	// so the bytes hold the account and the action.
	keyLength = 80
	// One of patternTurn bodies that resemble no pattern replaces a pattern. Copying each such body
	// costs more than it saves.
	patternTurn = 16
)

// The seed is random in each process, so that nobody can choose whose pattern a body replaces.
var patternSeed = maphash.MakeSeed()

func (d *Decoder) slot(body []byte) *atomic.Pointer[strictjson.Pattern] {
	return &d.slots[maphash.Bytes(patternSeed, body[:min(len(body), keyLength)])%patterns]
}

// Decode returns what the dialect's Decode returns.
func (d *Decoder) Decode(body []byte, doc *strictjson.Document) (gateway.Request, error) {
	if p := d.slot(body).Load(); p != nil {
		return d.Dialect.Read(body, doc, p)
	}
	return d.Dialect.Read(body, doc, nil) // a nil *Pattern in an interface is not nil
}

// Keep makes a pattern of a body that was decoded into doc, if the body resembles no pattern. The caller
// keeps allowed questions only, so that a stranger's question cannot replace a pattern.
func (d *Decoder) Keep(body []byte, r *gateway.Request, doc *strictjson.Document) {
	if doc.Resembled() || doc.Size() > patternSize {
		return
	}
	slot := d.slot(body)
	if slot.Load() != nil && d.turn.Add(1)%patternTurn != 0 {
		return
	}
	slot.Store(doc.Pattern(d.unneeded(r, doc)...))
}

// unneeded returns the strings of a body that a pattern does not keep: everything but the server's own
// values and the evidence. A client may send a secret under any other name.
func (d *Decoder) unneeded(r *gateway.Request, doc *strictjson.Document) (blank []strictjson.Value) {
	d.Dialect.Unread(doc, func(v strictjson.Value) { blank = appendStrings(blank, v) })
	for name, list := range r.Conditions.Members() {
		if n := name.View(); !d.Dialect.Plain[n] && !slices.Contains(d.Evidence, n) {
			blank = appendStrings(blank, list)
		}
	}
	return blank
}

// appendStrings appends the strings of a value, at any depth.
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
