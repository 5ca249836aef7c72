package shared

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/claimgate/claimgate/verifier/revocation"
)

const (
	keyPrefix    = "claimgate:revocation:"
	entryVersion = 1
	// maxEntry is the size of the largest entry in bytes. The texts of an entry come from a
	// logout token of at most evidence.max_token bytes.
	maxEntry = 1 << 20
)

// entry is a revocation in the store. It names the issuer by URL, as tokens do, because the
// configured names may differ between replicas.
type entry struct {
	Version int    `json:"v"`
	Issuer  string `json:"iss"`
	Session string `json:"sid,omitempty"`
	Subject string `json:"sub,omitempty"`
	ID      string `json:"jti"`
	Before  int64  `json:"iat"`   // Unix seconds
	Until   int64  `json:"until"` // Unix seconds, by the clock of the writer
}

func encode(r revocation.Entry, issuer string) string {
	text, err := json.Marshal(entry{
		entryVersion, issuer, r.Session, r.Subject, r.ID, r.Before.Unix(), r.Until.Unix(),
	})
	if err != nil {
		panic(err) // strings and numbers only
	}
	return string(text)
}

// keyOf returns the key of an entry. A jti counts once, so the store keeps the first entry
// of a jti.
func keyOf(issuer, id string) string {
	digest := sha256.Sum256([]byte(issuer + "\x00" + id))
	return keyPrefix + base64.RawURLEncoding.EncodeToString(digest[:])
}

var (
	errNoEntry = errors.New("it is not an entry of this version")
	errTime    = errors.New("its times are out of range")
	errNames   = errors.New("it does not name one session, or one subject, and a jti")
)

// decode reads an entry. Anybody may have written it.
func decode(text string) (e entry, err error) {
	if len(text) > maxEntry || !utf8.ValidString(text) {
		return e, errNoEntry
	}
	if json.Unmarshal([]byte(text), &e) != nil || e.Version != entryVersion {
		return e, errNoEntry
	}
	// The entry must have one reading: no duplicate member, no other case, no unknown member.
	if again, err := json.Marshal(e); err != nil || string(again) != text {
		return e, errNoEntry
	}
	if e.Issuer == "" || e.ID == "" || (e.Session == "") == (e.Subject == "") {
		return e, errNames
	}
	const farFuture = 1 << 40
	if e.Before < 0 || e.Before > farFuture || e.Until < 0 || e.Until > farFuture {
		return e, errTime
	}
	return e, nil
}

func (e *entry) shared(issuer string) revocation.Entry {
	return revocation.Entry{
		Issuer: issuer, Session: e.Session, Subject: e.Subject, ID: e.ID,
		Before: time.Unix(e.Before, 0), Until: time.Unix(e.Until, 0),
	}
}
