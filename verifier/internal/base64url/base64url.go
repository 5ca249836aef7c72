// Package base64url decodes canonical base64url without padding (RFC 7515
// section 2). Each byte sequence has exactly one accepted spelling.
package base64url

import (
	"encoding/base64"
	"errors"
	"strings"
)

// strict refuses stray bits in the last character.
var strict = base64.RawURLEncoding.Strict()

var errLineBreak = errors.New("a line break")

// Decode decodes s. It refuses line breaks, which encoding/base64 skips.
func Decode(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, errLineBreak
	}
	return strict.DecodeString(s)
}
