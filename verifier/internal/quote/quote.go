// Package quote shows untrusted text in errors and log lines.
package quote

import "strconv"

// maxLength is the longest text shown, in bytes.
const maxLength = 120

// Value quotes s as Go does and cuts s after 120 bytes.
func Value(s string) string {
	if len(s) > maxLength {
		s = s[:maxLength] + "..."
	}
	return strconv.Quote(s)
}
