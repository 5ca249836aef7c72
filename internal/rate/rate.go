// Package rate parses rates: "all", "none", or a fraction such as "1/100".
package rate

import (
	"strconv"
	"strings"
)

// Parse returns a rate as the fraction n/of. ok is false if text is not a rate. A fraction
// must be above 0 and at most 1: "0/5" and "7/5" are refused, because they are not clearly
// "none" and "all".
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
