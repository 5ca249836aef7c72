package config

import (
	"fmt"
	"io"
)

// Secret is a string that does not print. Convert it to a string where it is
// used: string(s).
type Secret string

const redacted = "[redacted]"

// String returns no part of the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// Format keeps every verb of package fmt from printing the secret, %#v and %x
// included.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText keeps the secret out of JSON and everything else that marshals.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
