package lint_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/lint"
)

// jwt:groups is the claim "groups" alone. Whether somebody's groups stand there, the issuer's configuration says.
func TestGroupsInAnotherClaim(t *testing.T) {
	file := filepath.Join(t.TempDir(), "m.toml")
	load := func(issuer string) *mapping.Mapping {
		text := "version = 1\n[[group]]\nname = \"g\"\npolicies = [\"p\"]\n" + issuer + "[[account]]\nname = \"KEY\"\npolicies = [\"p\"]\n[[policy]]\nname = \"p\"\n" +
			`document = '{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"jwt:groups":"x"}}}]}'` + "\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		m, found := mapping.Load(file)
		if m == nil {
			t.Fatal(found)
		}
		return m
	}
	usual, direct, nested := []string{"groups"}, []string{"groups_direct"}, []string{"realm_access", "roles"}
	for name, c := range map[string]struct {
		issuer string
		claims map[string][]string
		want   int
	}{
		"the usual claim":         {"", map[string][]string{"a": usual}, 0},
		"another claim":           {"", map[string][]string{"a": direct}, 1},
		"a nested claim":          {"", map[string][]string{"a": nested}, 1},
		"one issuer of two":       {"", map[string][]string{"a": direct, "b": usual}, 0},
		"none of two":             {"", map[string][]string{"a": direct, "b": nested}, 1},
		"the rule's own issuer":   {"issuer = \"a\"\n", map[string][]string{"a": direct, "b": usual}, 1},
		"the other issuer's rule": {"issuer = \"b\"\n", map[string][]string{"a": direct, "b": usual}, 0},
		"no issuer":               {"", nil, 0},
	} {
		found := lint.Groups(load(c.issuer), c.claims)
		if len(found) != c.want || c.want > 0 && found[0].Code != mapping.CodeNotTheirs {
			t.Errorf("%s: %v", name, found)
		}
	}
}
