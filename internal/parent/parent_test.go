package parent_test

import (
	"encoding/json"
	"testing"

	"github.com/claimgate/claimgate/internal/fixtures"
	"github.com/claimgate/claimgate/internal/parent"
	"pgregory.net/rapid"
)

// The name is the parent that a real MinIO wrote into the claims of its access keys.
func TestTheNameIsThatOfARealMinIO(t *testing.T) {
	found := 0
	for _, call := range fixtures.Calls(t) {
		var body struct {
			Input struct {
				Claims struct {
					Iss, Sub, Parent string
				} `json:"claims"`
			} `json:"input"`
		}
		if json.Unmarshal([]byte(call.Body), &body) != nil {
			continue
		}
		c := body.Input.Claims
		if c.Iss == "" || c.Sub == "" || len(c.Parent) != 43 {
			continue
		}
		found++
		if got := parent.MinIO(c.Iss, c.Sub).String(); got != c.Parent {
			t.Errorf("%q of %q: %s, MinIO says %s", c.Sub, c.Iss, got, c.Parent)
		}
	}
	if found == 0 {
		t.Error("no recorded access key of a login")
	}
}

// RustFS gives different names to two people to whom MinIO gives the same name.
func TestRustFSTellsPeopleApart(t *testing.T) {
	if parent.MinIO("c", "a:b") != parent.MinIO("b:c", "a") {
		t.Error("MinIO's name has changed: the two had one name")
	}
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.StringOf(rapid.SampledFrom([]rune("a:b")))
		iss, sub, iss2, sub2 := some.Draw(t, "iss"), some.Draw(t, "sub"), some.Draw(t, "iss"), some.Draw(t, "sub")
		if (parent.RustFS(iss, sub) == parent.RustFS(iss2, sub2)) != (iss == iss2 && sub == sub2) {
			t.Fatalf("%q of %q and %q of %q", sub, iss, sub2, iss2)
		}
	})
}

// The bytes that are hashed, computed once by hand: openid:, 1 as 8 bytes, u, 9 as 8 bytes, https://x.
func TestTheBytesOfRustFS(t *testing.T) {
	if got := parent.RustFS("https://x", "u").String(); got != "m7C_F1abKTTO8NnlMzS6sHePopq_3IQgODDyWLKbFAg" {
		t.Error(got)
	}
}
