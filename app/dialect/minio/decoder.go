package minio

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/strictjson"
)

// Decoder reads bodies as the function Decode does, and faster if a body resembles one that the Decoder
// keeps: MinIO's questions about one session differ little. What a Decoder keeps never changes what a
// body means.
//
// The zero Decoder keeps nothing yet. Several goroutines may use a Decoder at once. Whoever deletes this
// way of reading deletes internal/strictjson/pattern.go, and lets Keep do nothing.
type Decoder struct {
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

// Decode returns what the function Decode returns.
func (d *Decoder) Decode(body []byte, doc *strictjson.Document) (gateway.Request, error) {
	if p := d.slot(body).Load(); p != nil {
		return decode(body, doc, p)
	}
	return decode(body, doc, nil) // a nil *Pattern in an interface is not nil
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
	var blank []strictjson.Value
	for name, list := range r.Conditions.Members() {
		if secret(name.View()) {
			blank = slices.AppendSeq(blank, list.Elements())
		}
	}
	slot.Store(doc.Pattern(blank...))
}

// secrets are parts of the names of conditions, in lower case, whose values are secret and no evidence:
// keys of SSE-C, session tokens of STS, signatures, cookies, referers that may be presigned URLs, headers
// of other programs. A pattern does not keep these values.
var secrets = [...]string{
	"customer-key", "security-token", "signature", "authorization", "cookie", "referer", "encryption-context", "amz-meta",
	"auth-token", "access-token", "api-key", "apikey", "secret", "password", "credential",
}

func secret(name string) bool {
	lower := strings.ToLower(name)
	for _, part := range secrets {
		if strings.Contains(lower, part) {
			return true
		}
	}
	return false
}
