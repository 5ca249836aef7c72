package mapping

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/internal/finding"
)

func TestCodesAreDistinctAndTheReadmeListsThem(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, c := range Codes() {
		if seen[c.Code] {
			t.Errorf("%s has two meanings", c.Code)
		}
		seen[c.Code] = true
		if want := map[bool]finding.Severity{true: finding.Warning, false: finding.Error}[c.Code >= "M100"]; c.Severity != want {
			t.Errorf("%s is a %s", c.Code, c.Severity)
		}
		if row := fmt.Sprintf("| %s | %s |\n", c.Code, c.Meaning); !strings.Contains(string(readme), row) {
			t.Errorf("README.md does not list %s", row)
		}
	}
}
