package chain

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
)

// ID names one run of one process.
type ID [8]byte

// NewID returns a random ID.
func NewID() (id ID) {
	_, _ = rand.Read(id[:]) // never fails
	return id
}

// String returns 16 hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Hash is the SHA-256 of a line. The zero value stands for no line.
type Hash [sha256.Size]byte

// HashOf returns the hash of a line without its newline.
func HashOf(line []byte) Hash { return sha256.Sum256(line) }

// String returns 64 hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ParseHash reads 64 hexadecimal digits in lower case.
func ParseHash(text string) (h Hash, err error) {
	if !decode(h[:], []byte(text)) {
		return Hash{}, fmt.Errorf("%q is not a hash: a hash has 64 hexadecimal digits in lower case", text)
	}
	return h, nil
}

// Point is a place in a chain.
type Point struct {
	Chain ID
	Seq   uint64
}

// Link is the link of a chained line: its place in the chain, and what comes before it. The package
// comment explains the fields.
type Link struct {
	Point
	Prev  Hash
	Opens bool
	After Point // the zero Point if the line has no "after"
	Torn  Hash  // the zero Hash if no line was cut short
}

const (
	keyOpens = `,"opens":true`
	keyAfter = `,"after":"`
	keyTorn  = `,"torn":"`
	keyChain = `,"chain":"`
	keySeq   = `,"seq":`
	keyPrev  = `,"prev":"`
)

// Append appends to to a JSON object that ends with "}\n", with its link as the last members.
func Append(to, line []byte, l *Link) []byte {
	to = append(to, bytes.TrimSuffix(line, []byte("}\n"))...)
	if l.Opens {
		to = append(to, keyOpens...)
	}
	if l.After.Seq > 0 {
		to = append(to, keyAfter...)
		to = hex.AppendEncode(to, l.After.Chain[:])
		to = append(to, ':')
		to = strconv.AppendUint(to, l.After.Seq, 10)
		to = append(to, '"')
	}
	if l.Torn != (Hash{}) {
		to = append(to, keyTorn...)
		to = hex.AppendEncode(to, l.Torn[:])
		to = append(to, '"')
	}
	to = append(to, keyChain...)
	to = hex.AppendEncode(to, l.Chain[:])
	to = append(to, '"')
	to = append(to, keySeq...)
	to = strconv.AppendUint(to, l.Seq, 10)
	to = append(to, keyPrev...)
	to = hex.AppendEncode(to, l.Prev[:])
	return append(to, "\"}\n"...)
}

// Parse reads the link of a line without its newline. A string in the line cannot look like a link,
// because its quotes are escaped.
func Parse(line []byte) (l Link, ok bool) {
	rest, ok := bytes.CutSuffix(line, []byte(`"}`))
	if !ok || len(rest) == 0 || rest[0] != '{' {
		return Link{}, false
	}
	if rest, ok = cutHex(rest, keyPrev, l.Prev[:]); !ok {
		return Link{}, false
	}
	if rest, l.Seq, ok = cutNumber(rest, keySeq); !ok {
		return Link{}, false
	}
	if rest, ok = bytes.CutSuffix(rest, []byte(`"`)); !ok {
		return Link{}, false
	}
	if rest, ok = cutHex(rest, keyChain, l.Chain[:]); !ok {
		return Link{}, false
	}
	l.options(rest)
	return l, true
}

// options reads the optional members of a link.
func (l *Link) options(rest []byte) {
	inner, quoted := bytes.CutSuffix(rest, []byte(`"`))
	if quoted {
		if before, ok := cutHex(inner, keyTorn, l.Torn[:]); ok {
			rest = before
			inner, quoted = bytes.CutSuffix(rest, []byte(`"`))
		}
	}
	if quoted {
		var after Point
		if before, seq, ok := cutNumber(inner, ":"); ok {
			if before, ok = cutHex(before, keyAfter, after.Chain[:]); ok {
				after.Seq = seq
				l.After, rest = after, before
			}
		}
	}
	l.Opens = bytes.HasSuffix(rest, []byte(keyOpens))
}

// cutHex cuts key and the digits of a value off the end.
func cutHex(text []byte, key string, value []byte) (before []byte, ok bool) {
	at := len(text) - 2*len(value)
	if at < len(key) || string(text[at-len(key):at]) != key || !decode(value, text[at:]) {
		return text, false
	}
	return text[:at-len(key)], true
}

// decode reads hexadecimal digits in lower case only, so that a line has one form.
func decode(value, digits []byte) bool {
	if len(digits) != 2*len(value) || bytes.ContainsAny(digits, "ABCDEF") {
		clear(value)
		return false
	}
	if _, err := hex.Decode(value, digits); err != nil {
		clear(value)
		return false
	}
	return true
}

// cutNumber cuts key and a number without leading zeros off the end.
func cutNumber(text []byte, key string) (before []byte, n uint64, ok bool) {
	at := len(text)
	for at > 0 && '0' <= text[at-1] && text[at-1] <= '9' {
		at--
	}
	n, err := strconv.ParseUint(string(text[at:]), 10, 64)
	if err != nil || text[at] == '0' || at < len(key) || string(text[at-len(key):at]) != key {
		return text, 0, false
	}
	return text[:at-len(key)], n, true
}
