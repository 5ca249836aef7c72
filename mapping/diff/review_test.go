package diff_test

import (
	"testing"

	"github.com/claimgate/claimgate/internal/testsupport/anymapping"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/diff"
)

// A review of one rule does not cover what another rule grants to the same people. A name that rules of two
// kinds have covers neither.
func TestAReviewCoversWhatItsRuleGrants(t *testing.T) {
	load := func(text string) *mapping.Mapping { return anymapping.Load(t, "version = 1\n"+text) }
	before := load("[[group]]\nmatch = \"rw-{team}\"\npolicies = [\"readonly\"]\n[[user]]\nsubject = \"ops\"\npolicies = [\"readonly\"]\n")
	pattern := "[[group]]\nmatch = \"rw-{team}\"\npolicies = [\"readwrite\"]\n"
	user := "[[user]]\nsubject = \"ops\"\npolicies = [\"readonly\"]\n"
	more := load(pattern + user)
	root := load(pattern + user + "[[group]]\nname = \"rw-ops\"\npolicies = [\"consoleAdmin\"]\n")
	twins := load("[[group]]\nname = \"ops\"\npolicies = [\"readwrite\"]\n[[user]]\nsubject = \"ops\"\npolicies = [\"readwrite\"]\n")
	for _, c := range []struct {
		name     string
		after    *mapping.Mapping
		reviewed []string
		gained   bool
	}{
		{"nothing is reviewed", more, nil, true},
		{"the rule is", more, []string{"rw-{team}"}, false},
		{"its principal is", more, []string{"group:rw-{team}"}, false},
		{"another rule makes one of them root", root, []string{"rw-{team}"}, true},
		{"that one is reviewed too", root, []string{"rw-{team}", "rw-ops"}, false},
		{"that one only", root, []string{"rw-ops"}, true},
		{"a group and a user of one name", twins, []string{"ops"}, true},
		{"each by its principal", twins, []string{"group:ops", "user:ops"}, false},
	} {
		r := diff.Compare(before, c.after, now)
		for _, name := range c.reviewed {
			r.AllowGain(name)
		}
		if r.Gained() != c.gained {
			t.Errorf("%s: gained %v, want %v: %+v", c.name, r.Gained(), c.gained, r.Gains)
		}
	}
}
