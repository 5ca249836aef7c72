package cli

import (
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping/policy"
)

// ShortActions shortens a list of actions. A family such as s3: becomes "s3:*" if no action is missing, and
// "s3:* but ..." if it has more than 20 actions and at most 3 are missing.
func ShortActions(actions []string) []string {
	var short []string
	for _, family := range []string{"s3:", "admin:", "kms:", "sts:"} {
		var all, here []string
		for _, a := range policy.Actions() {
			if strings.HasPrefix(a, family) {
				all = append(all, a)
				if slices.Contains(actions, a) {
					here = append(here, a)
				}
			}
		}
		missing := len(all) - len(here)
		switch {
		case len(here) > 1 && missing == 0:
			short = append(short, family+"*")
		case len(here) > 20 && missing <= 3:
			short = append(short, family+"* but "+strings.Join(Without(all, here), ", "))
		default:
			short = append(short, here...)
		}
	}
	return short
}

// Without returns list without the elements of taken.
func Without(list, taken []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(taken, s) })
}

// Wrap joins words with commas, and breaks them into lines of at most width bytes. A longer word has a line of
// its own.
func Wrap(words []string, width int) []string {
	var lines []string
	line := ""
	for i, word := range words {
		if i < len(words)-1 {
			word += ","
		}
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
