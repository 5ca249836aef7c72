package policy_test

import (
	"testing"

	"github.com/claimgate/claimgate/mapping/policy"
	"github.com/google/go-cmp/cmp"
)

// SetClaim makes the objects on the way, and does not change an object that somebody else holds.
func TestSetClaim(t *testing.T) {
	shared := map[string]any{"level": 1}
	claims := map[string]any{"realm": shared, "dept": "eng"}
	policy.SetClaim(claims, []string{"dept"}, "ops")
	policy.SetClaim(claims, []string{"realm", "roles"}, []string{"reader"})
	policy.SetClaim(claims, []string{"dept", "name"}, "ops")
	policy.SetClaim(claims, []string{"a", "b", "c"}, true)
	want := map[string]any{
		"realm": map[string]any{"level": 1, "roles": []string{"reader"}},
		"dept":  map[string]any{"name": "ops"},
		"a":     map[string]any{"b": map[string]any{"c": true}},
	}
	if d := cmp.Diff(want, claims); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]any{"level": 1}, shared); d != "" {
		t.Errorf("the object that was there has changed: %s", d)
	}
}
