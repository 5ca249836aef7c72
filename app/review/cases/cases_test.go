package cases_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/claimgate/claimgate"
	"github.com/claimgate/claimgate/app/review/cases"
	"github.com/claimgate/claimgate/app/review/offline"
	"github.com/claimgate/claimgate/mapping"
)

// The cases of the example pass, and every rule of the example mapping decides one of them.
func TestTheExampleCasesHold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mapping.toml")
	if err := os.WriteFile(path, claimgate.ExampleMapping, 0o600); err != nil {
		t.Fatal(err)
	}
	m, found := mapping.Load(path)
	if m == nil {
		t.Fatal(found)
	}
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
