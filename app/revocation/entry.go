package revocation

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/claimgate/claimgate/verifier"
)

const (
	keyPrefix    = "claimgate:revocation:"
	entryVersion = 1
	// entryBytes bounds an entry: its names come from a logout token, which is
	// at most evidence.max_token long.
	entryBytes = 1 << 20
)

// entry is a revocation as the store holds it. Issuers go by their URL, which is
// what tokens say: names in configurations may differ.
type entry struct {
	Version int    `json:"v"`
	Issuer  string `json:"iss"`
	Session string `json:"sid,omitempty"`
	Subject string `json:"sub,omitempty"`
	ID      string `json:"jti"`
	Before  int64  `json:"iat"`   // Unix seconds
	Until   int64  `json:"until"` // Unix seconds, by the clock of whoever wrote it
}

func encode(r verifier.Revocation, issuer string) string {
	text, err := json.Marshal(entry{
		entryVersion, issuer, r.Session, r.Subject, r.ID, r.Before.Unix(), r.Until.Unix(),
	})
	if err != nil {
		panic(err) // strings and numbers only
	}
	return string(text)
}

// keyOf names the entry: by what counts once, so that the store keeps the first.
func keyOf(issuer, id string) string {
	digest := sha256.Sum256([]byte(issuer + "\x00" + id))
	return keyPrefix + base64.RawURLEncoding.EncodeToString(digest[:])
}

var (
	errNoEntry = errors.New("it is no entry of this version")
	errTime    = errors.New("its times cannot be meant")
	errNames   = errors.New("it does not name one session, or one subject, and a jti")
)

// decode reads an entry, which anybody may have written.
func decode(text string) (e entry, err error) {
	if len(text) > entryBytes || !utf8.ValidString(text) {
		return e, errNoEntry
	}
	if json.Unmarshal([]byte(text), &e) != nil || e.Version != entryVersion {
		return e, errNoEntry
	}
	// One reading only: no member twice, none in another case, none unknown.
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

func (e *entry) revocation(issuer string) verifier.Revocation {
	return verifier.Revocation{
		Issuer: issuer, Session: e.Session, Subject: e.Subject, ID: e.ID,
		Before: time.Unix(e.Before, 0), Until: time.Unix(e.Until, 0),
	}
}
