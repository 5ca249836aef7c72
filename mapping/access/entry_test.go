package access

import "testing"

// Entries of rules on different lines have different keys, on any line. Lines 55,296 to 57,343 are the numbers of
// surrogates, which are not runes.
func TestEntriesOfDifferentLinesHaveDifferentKeys(t *testing.T) {
	seen := map[string]int{}
	for _, line := range []int{1, 11, 55_296, 55_297, 57_343, 1 << 21, 1<<21 + 1} {
		e := Entry{Rule: RuleReference{Line: line}}
		if before, known := seen[e.key()]; known {
			t.Errorf("lines %d and %d have the same key", before, line)
		}
		seen[e.key()] = line
	}
	one, other := Entry{Rule: RuleReference{Line: 1}, Statement: 12}, Entry{Rule: RuleReference{Line: 11}, Statement: 2}
	if one.key() == other.key() {
		t.Error("line 1, statement 12 and line 11, statement 2 have the same key")
	}
}
