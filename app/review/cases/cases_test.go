package cases_test

import (
	"testing"
	"time"

	"github.com/claimgate/claimgate"
	"github.com/claimgate/claimgate/app/review/cases"
	"github.com/claimgate/claimgate/app/review/offline"
	"github.com/claimgate/claimgate/internal/testsupport/anymapping"
)

// The cases of the example pass, and every rule of the example mapping decides one of them.
func TestTheExampleCasesHold(t *testing.T) {
	m := anymapping.Load(t, string(claimgate.ExampleMapping))
	list, err := cases.Read("../../../mapping.example.test.toml")
	if err != nil {
		t.Fatal(err)
	}
	outcomes, rules, err := cases.Run(t.Context(), offline.Options{Mapping: m, Now: time.Now}, list)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range outcomes {
		if !o.Passed {
			t.Errorf("%s: %v %s", o.Name, o.Got.Allow, o.Got.Reason)
		}
	}
	if left := cases.Unexercised(rules); len(left) > 0 {
		t.Errorf("no case was decided by %+v", left)
	}
}
