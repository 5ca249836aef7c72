package access

import (
	"slices"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
	"pgregory.net/rapid"
)

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

// A pattern stands for at least three actions with the same verb, or for a whole family of at least two, and for no
// other action of Asked.
func TestShortActionsMatchExactlyTheActions(t *testing.T) {
	for want, actions := range map[string][]string{
		"s3:GetObject s3:GetObjectTagging":      {"s3:GetObject", "s3:GetObjectTagging"}, // two of many
		"s3:ListMultipartUploadParts":           {"s3:ListMultipartUploadParts"},
		"s3:Replicate*":                         {"s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"}, // three
		"s3:ReplicateDelete s3:ReplicateObject": {"s3:ReplicateDelete", "s3:ReplicateObject"},
		"s3:*":                                  withPrefix("s3:"),
		"kms:*":                                 withPrefix("kms:"),
		"admin:*":                               withPrefix("admin:"),
		"":                                      {},
	} {
		if got := strings.Join(ShortActions(actions), " "); got != want {
			t.Errorf("%v: %s, want %s", actions, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		actions := rapid.SliceOfDistinct(rapid.SampledFrom(Asked()), rapid.ID[string]).Draw(t, "actions")
		short := ShortActions(actions)
		for _, a := range Asked() {
			if covered := slices.ContainsFunc(short, func(p string) bool { return policy.Match(p, a) }); covered != slices.Contains(actions, a) {
				t.Fatalf("%v covers %s: %v", short, a, covered)
			}
		}
	})
}

func withPrefix(family string) []string {
	return slices.DeleteFunc(slices.Clone(Asked()), func(a string) bool { return !strings.HasPrefix(a, family) })
}

// The verb of an action is the first word of its name.
func TestVerbIsTheFirstWord(t *testing.T) {
	for action, want := range map[string]string{"s3:GetObject": "s3:Get", "s3:ListAllMyBuckets": "s3:List", "admin:Heal": "admin:Heal", "s3:": "s3:"} {
		if got := verb(action); got != want {
			t.Errorf("%s: %s, want %s", action, got, want)
		}
	}
}

// What is empty is not printed: JSON has no within and no except then.
func TestAnEntryHasNoEmptyLists(t *testing.T) {
	h := mapping.Granted{Policy: new(policy.Policy)}
	list := []Allowed{
		{Granted: h, Resources: []string{"a"}, Minus: []Minus{{By: "guard g", Resources: []string{"b"}}}},
		{Granted: h, Resources: []string{"a"}, Within: []string{"w"}, Minus: []Minus{{By: "guard g", Resources: []string{"b"}, Except: []string{"e"}}}, Condition: "{}"},
	}
	plain, full := entries(list, strings.ToUpper)[0], entries(list, strings.ToUpper)[1]
	if plain.Within != nil || plain.Minus[0].Except != nil || plain.Minus[0].Conditions != nil || len(plain.Conditions) != 0 {
		t.Errorf("%+v", plain)
	}
	if !slices.Equal(full.Within, []string{"W"}) || !slices.Equal(full.Minus[0].Except, []string{"E"}) || !slices.Equal(full.Conditions, []string{"{}"}) {
		t.Errorf("%+v", full)
	}
}
