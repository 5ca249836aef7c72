package invariant

import (
	"testing"

	"pgregory.net/rapid"
)

// contexts calls itself complete only if it tried every combination, also if no call is left.
func TestContextsAreCompleteIfAllAreTried(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var choices []choice
		all := 1
		for range rapid.IntRange(0, 4).Draw(t, "keys") {
			values := make([]any, rapid.IntRange(1, 5).Draw(t, "values"))
			choices = append(choices, choice{"k", values})
			all *= len(values)
		}
		limit := rapid.IntRange(-700, 700).Draw(t, "limit")
		tried := 0
		_, complete := contexts(choices, nil, limit, func(facts []fact) bool {
			if len(facts) == len(choices) {
				tried++
			}
			return false
		})
		if len(choices) > 0 && complete && tried < all {
			t.Fatalf("%d of %d combinations were tried within a limit of %d, and the search calls itself complete", tried, all, limit)
		}
		if limit >= all && !complete {
			t.Fatalf("%d combinations are within the limit %d, and the search calls itself incomplete", all, limit)
		}
	})
}
