package stricttoml

import (
	"reflect"
	"strings"
	"sync"
)

// schema is what a struct type has keys for. Fields of embedded structs count
// as its own.
type schema struct {
	fields map[string]reflect.StructField
	keys   []string
}

var schemas sync.Map // reflect.Type -> *schema

func schemaOf(t reflect.Type) *schema {
	if known, ok := schemas.Load(t); ok {
		return known.(*schema)
	}
	s := &schema{fields: map[string]reflect.StructField{}}
	for _, f := range reflect.VisibleFields(t) {
		if key := f.Tag.Get("toml"); key != "" && f.IsExported() {
			s.fields[key] = f
			s.keys = append(s.keys, key)
		}
	}
	schemas.Store(t, s)
	return s
}

// Nearest returns the candidate that word is most likely a misspelling of: the
// same in another case, or at most a third of its letters away. Empty if none
// is near.
func Nearest(word string, candidates []string) string {
	best, bestDistance := "", 1+len(word)/3
	for _, c := range candidates {
		if strings.EqualFold(c, word) {
			return c
		}
		if abs(len(c)-len(word)) >= bestDistance {
			continue
		}
		if d := distance(word, c); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

func abs(i int) int { return max(i, -i) }

// distance is Levenshtein's, in bytes.
func distance(a, b string) int {
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
