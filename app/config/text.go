package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// badText says why a text is not a value of its key's type, and how to fix it.
type badText struct{ message, fix string }

func parseDuration(text string) (time.Duration, *badText) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, &badText{
			fmt.Sprintf("%q is not a duration", text),
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
	i := slices.IndexFunc(sizeUnits, func(u sizeUnit) bool { return strings.HasSuffix(text, u.suffix) }) // always found: the last suffix is ""
	unit := sizeUnits[i]
	n, err := strconv.ParseUint(strings.TrimSuffix(text, unit.suffix), 10, 63)
	if err != nil || int64(n) > math.MaxInt64/unit.factor {
		return 0, &badText{
			fmt.Sprintf("%q is not a size", text),
			`write bytes, or a whole number with KiB, MiB or GiB, such as "4MiB"`,
		}
	}
	return int64(n) * unit.factor, nil
}

// formatSize returns the shortest text for n that parseSize reads.
func formatSize(n int64) string {
	for _, unit := range sizeUnits[:3] {
		if n >= unit.factor && n%unit.factor == 0 {
			return strconv.FormatInt(n/unit.factor, 10) + unit.suffix
		}
	}
	return strconv.FormatInt(n, 10)
}

// splitList reads a list from a variable. Commas separate elements, and blanks around an element are dropped.
// An empty text gives one empty element, because an empty variable is a mistake and not an empty list.
func splitList(text string) []string {
	parts := strings.Split(text, ",")
	for i := range parts {
		parts[i] = strings.Trim(parts[i], " \t")
	}
	return parts
}
