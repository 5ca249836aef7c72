package oracle

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/mapping/policy"
)

// coverage counts the operators, keys, variables and actions that the cases exercised.
type coverage struct{ operators, keys, variables, actions map[string]int }

func newCoverage() coverage {
	r := coverage{map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}}
	for _, operator := range policy.Operators() {
		for _, q := range []string{"", "ForAllValues:", "ForAnyValue:"} {
			r.operators[q+operator] = 0
		}
	}
	for _, key := range policy.ConditionKeys() {
		r.keys[key] = 0
	}
	for _, key := range policy.Variables() {
		r.variables[key] = 0
	}
	for _, action := range policy.Actions() {
		r.actions[action] = 0
	}
	return r
}

// add counts a case that both engines loaded. Only statements about the request's action count.
func (r coverage) add(c testCase) {
	for _, d := range c.Documents {
		for _, st := range d.Statements {
			if !covers(st, c.Action) {
				continue
			}
			for _, text := range textsOf(st) {
				for _, key := range variablesIn(text) {
					r.variables[key]++
				}
			}
			if _, known := r.actions[c.Action]; known {
				r.actions[c.Action]++
			}
			for operator, keys := range st.Condition {
				r.operators[operator]++
				for key := range keys {
					for _, tag := range []string{"s3:ExistingObjectTag/", "s3:RequestObjectTag/"} {
						if strings.HasPrefix(key, tag) {
							key = tag
						}
					}
					r.keys[key]++
				}
			}
		}
	}
}

func (r coverage) check(t *testing.T) {
	for _, kind := range []struct {
		name   string
		counts map[string]int
	}{{"operators", r.operators}, {"keys", r.keys}, {"variables", r.variables}, {"actions", r.actions}} {
		var missed []string
		for _, name := range slices.Sorted(maps.Keys(kind.counts)) {
			if kind.counts[name] == 0 {
				missed = append(missed, name)
			}
		}
		total := len(kind.counts)
		t.Logf("%s reached: %d of %d", kind.name, total-len(missed), total)
		if len(missed) > 0 {
			t.Errorf("the cases reach no statement with these %s: %v", kind.name, missed)
		}
	}
}
