// Package spelling suggests the known name that a misspelled name probably stands for, for
// error messages.
package spelling

import "strings"

// Nearest returns the name that is closest to word: equal except for case, or else with
// the smallest edit distance, if that is at most a third of the bytes of word. It returns
// "" if no name is close.
func Nearest(word string, names []string) string {
	return Within(word, names, len(word)/3)
}

// Within returns the name that equals word except for case, or else the first name with the smallest edit
// distance, if that is at most the number of letters. It returns "" if no name is close.
func Within(word string, names []string, letters int) string {
	best, bestDistance := "", 1+letters
	for _, name := range names {
		if strings.EqualFold(name, word) {
			return name
		}
		if d := distance(word, name, bestDistance); d < bestDistance {
			best, bestDistance = name, d
		}
	}
	return best
}

// distance returns the Levenshtein distance in bytes, or limit if the lengths differ by
// limit or more.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitute := diagonal
			if a[i] != b[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
