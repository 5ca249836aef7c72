package explain_test

import (
	"testing"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/app/review/explain"
)

// For every reason, the explanation ends with the step that decided, and says what would lead to the opposite
// answer.
func TestEveryReasonIsExplained(t *testing.T) {
	for _, reason := range gateway.Reasons() {
		x := explain.Recorded(reason, "")
		if x.Reason != reason || x.Allow != reason.Allows() || x.Detail == "" {
			t.Errorf("%s: %+v", reason, x)
		}
		if len(x.Steps) == 0 || x.Steps[len(x.Steps)-1].Outcome != "decided" {
			t.Errorf("%s: no step decided: %+v", reason, x.Steps)
		}
		for _, s := range x.Steps {
			if s.Step == "" || s.Detail == "" {
				t.Errorf("%s: an empty step: %+v", reason, s)
			}
		}
		if len(x.Opposite) == 0 || x.Opposite[0] == "" {
			t.Errorf("%s: nothing is said of the opposite", reason)
		}
	}
}
