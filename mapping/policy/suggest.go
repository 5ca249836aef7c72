package policy

import "strings"

// nearest finds the known name a mistyped one was meant to be, "" where none
// is near.
func nearest(text string, names []string) string {
	best, bestDistance := "", 1+len(text)/4
	for _, name := range names {
		if strings.EqualFold(name, text) {
			return name
		}
		if d := distance(text, name, bestDistance); d < bestDistance {
			best, bestDistance = name, d
		}
	}
	return best
}

// distance counts the edits between two names, up to a limit.
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
			edit := diagonal
			if a[i] != b[j] {
				edit++
			}
			diagonal = row[j+1]
			row[j+1] = min(edit, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
