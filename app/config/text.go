package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// badText is a text that is no value of its key's type, with the fix.
type badText struct{ message, fix string }

func parseDuration(text string) (time.Duration, *badText) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, &badText{
			fmt.Sprintf("%q is no duration", text),
			`write a number with a unit out of ms, s, m, h, such as "30s" or "24h"`,
		}
	}
	return d, nil
}

type sizeUnit struct {
	suffix string
	factor int64
}

var sizeUnits = []sizeUnit{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {"", 1}}

func parseSize(text string) (int64, *badText) {
	i := slices.IndexFunc(sizeUnits, func(u sizeUnit) bool { return strings.HasSuffix(text, u.suffix) }) // "" is one
	unit := sizeUnits[i]
	n, err := strconv.ParseUint(strings.TrimSuffix(text, unit.suffix), 10, 63)
	if err != nil || int64(n) > math.MaxInt64/unit.factor {
		return 0, &badText{
			fmt.Sprintf("%q is no size", text),
			`write bytes, or a whole number with KiB, MiB or GiB, such as "4MiB"`,
		}
	}
	return int64(n) * unit.factor, nil
}

// formatSize is the shortest form parseSize reads.
func formatSize(n int64) string {
	for _, unit := range sizeUnits[:3] {
		if n >= unit.factor && n%unit.factor == 0 {
			return strconv.FormatInt(n/unit.factor, 10) + unit.suffix
		}
	}
	return strconv.FormatInt(n, 10)
}

// parseRate reads "1/100": one out of a hundred.
func parseRate(text string) (n, of uint64, ok bool) {
	switch text {
	case "all":
		return 1, 1, true
	case "none":
		return 0, 1, true
	}
	first, second, found := strings.Cut(text, "/")
	n, err1 := strconv.ParseUint(first, 10, 32)
	of, err2 := strconv.ParseUint(second, 10, 32)
	if !found || err1 != nil || err2 != nil || n == 0 || n > of {
		return 0, 0, false
	}
	return n, of, true
}

// AllowRate returns the share of allows that is written: n out of of.
func (a Audit) AllowRate() (n, of uint64) {
	n, of, ok := parseRate(a.Allow)
	if !ok { // only a Config that Load did not make
		return 1, 1
	}
	return n, of
}

// splitList reads a list from a variable: commas separate, blanks around an
// element do not count. One empty element for an empty text: an empty variable
// is a mistake, not an empty list.
func splitList(text string) []string {
	parts := strings.Split(text, ",")
	for i := range parts {
		parts[i] = strings.Trim(parts[i], " \t")
	}
	return parts
}
