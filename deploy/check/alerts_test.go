package check

import (
	"path/filepath"
	"strings"
	"testing"
)

const rulesDir = "deploy/prometheus"

func TestAlertsPassTheirTests(t *testing.T) {
	output(t, "promtool", "check", "rules", filepath.Join(root, rulesDir, "claimgate.rules.yaml"))
	output(t, "promtool", "test", "rules", filepath.Join(root, rulesDir, "claimgate.rules.test.yaml"))
}

// TestEachAlertIsTested changes one alert at a time: once it never fires, once it always
// fires. promtool must report both.
func TestEachAlertIsTested(t *testing.T) {
	rules, tests := read(t, rulesDir, "claimgate.rules.yaml"), read(t, rulesDir, "claimgate.rules.test.yaml")
	for _, a := range alerts(t) {
		for how, expr := range map[string]string{"never fires": "vector(0) > 1", "always fires": "vector(1)"} {
			t.Run(a.Alert+" "+how, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				write(t, filepath.Join(dir, "claimgate.rules.yaml"), replaceExpr(t, rules, a.Alert, expr))
				write(t, filepath.Join(dir, "claimgate.rules.test.yaml"), tests)
				refusal(t, "promtool", "test", "rules", filepath.Join(dir, "claimgate.rules.test.yaml"))
			})
		}
	}
}

// replaceExpr replaces the expression of an alert: the lines from "expr:" to the next
// key of the same depth.
func replaceExpr(t *testing.T, rules, alert, expr string) string {
	t.Helper()
	before, rest, ok := strings.Cut(rules, "- alert: "+alert+"\n")
	if !ok {
		t.Fatalf("no alert %s", alert)
	}
	var lines []string
	inside, replaced := false, false
	for line := range strings.SplitSeq(rest, "\n") {
		const indent = "        "
		if !replaced && strings.HasPrefix(line, indent+"expr:") {
			lines = append(lines, indent+"expr: "+expr)
			inside, replaced = true, true
			continue
		}
		if inside && strings.HasPrefix(line, indent+" ") {
			continue
		}
		inside = false
		lines = append(lines, line)
	}
	return before + "- alert: " + alert + "\n" + strings.Join(lines, "\n")
}

// TestEachAlertHasARunbook checks that docs/operations.md has a heading for each alert.
func TestEachAlertHasARunbook(t *testing.T) {
	page := strings.ToLower(read(t, "docs/operations.md"))
	for _, a := range alerts(t) {
		if !strings.Contains(page, "\n### "+strings.ToLower(a.Alert)+"\n") {
			t.Errorf("docs/operations.md has no heading ### %s", a.Alert)
		}
	}
}
