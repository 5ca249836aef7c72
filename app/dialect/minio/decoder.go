package minio

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/strictjson"
)

// Decoder reads bodies as Decode does, and sooner where they resemble one that it
// keeps: what MinIO asks about one session differs in little from question to
// question. What is kept has no say in what a body means.
//
// The zero Decoder keeps nothing yet. It may be used by several goroutines at once.
type Decoder struct {
	slots [patterns]atomic.Pointer[strictjson.Pattern]
	turn  atomic.Uint32
}

const (
	// patterns of at most patternSize bytes are kept: 16 MiB at most, and three
	// where the questions have four kilobytes. The size also bounds how long a text
	// that differs from its pattern everywhere can keep a reader.
	patterns    = 512
	patternSize = 32 << 10
	// keyLength is how much of a body tells which pattern it may resemble: with
	// MinIO's access keys of twenty characters the account and the action.
	keyLength = 80
	// patternTurn is how many bodies that resemble nothing come by until one takes
	// the place of a pattern. Copying each would cost more than it saves.
	patternTurn = 16
)

// The seed is another in each process, so that nobody can choose whose pattern
// theirs takes the place of.
var patternSeed = maphash.MakeSeed()

func (d *Decoder) slot(body []byte) *atomic.Pointer[strictjson.Pattern] {
	return &d.slots[maphash.Bytes(patternSeed, body[:min(len(body), keyLength)])%patterns]
}

// Decode is the function Decode.
func (d *Decoder) Decode(body []byte, doc *strictjson.Document) (gateway.Request, error) {
	return decode(body, doc, d.slot(body).Load())
}

// Keep makes a pattern of a body that was decoded into doc, where it resembled
// none. It is for questions that were allowed, so that nobody else's take the place
// of theirs.
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

// secrets are parts of the names of conditions, in lower case, whose values are no
// evidence and would be worth stealing: keys of SSE-C, session tokens of STS,
// signatures, cookies, pages that may be presigned URLs, what others' headers are
// called. They are blanked in what is kept.
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
