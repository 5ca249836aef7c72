// Package rate reads how much of something is meant: "all", "none", or one in so
// many, such as "1/100".
package rate

import (
	"strconv"
	"strings"
)

// Parse returns a rate as n out of of. ok is false for what is no rate, and for
// none and all in the form of a fraction that hides it ("0/5", "7/5").
func Parse(text string) (n, of uint64, ok bool) {
	switch text {
	case "all":
		return 1, 1, true
	case "none":
		return 0, 1, true
	}
	first, second, found := strings.Cut(text, "/")
	n, err1 := strconv.ParseUint(first, 10, 31)
	of, err2 := strconv.ParseUint(second, 10, 31)
	if !found || err1 != nil || err2 != nil || n == 0 || n > of {
		return 0, 0, false
	}
	return n, of, true
}
