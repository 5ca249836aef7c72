package access

import "testing"

// Each key of a variable has one number. A new key gets a new number.
func TestEachVariableHasOneNumber(t *testing.T) {
	seen := map[symbol]string{}
	for _, key := range append(append([]string{}, fixedVariables...), "claim:first", "claim:second", "claim:first") {
		n := variables.number(key)
		if before, known := seen[n]; known && before != key {
			t.Errorf("%s and %s have the number %d", before, key, n)
		}
		seen[n] = key
		if got := variables.key(n); got != key {
			t.Errorf("number %d of %s is that of %s", n, key, got)
		}
		if again := variables.number(key); again != n {
			t.Errorf("%s has the numbers %d and %d", key, n, again)
		}
	}
	if variables.known("claimed") || !variables.known("claim:x") || !variables.known("jwt:sub") {
		t.Error("known keys are not told from others")
	}
}
