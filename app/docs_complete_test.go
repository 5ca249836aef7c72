package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/app/gateway"
)

func readDoc(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// matches returns the first group of each match of the pattern, in order.
func matches(pattern, text string) []string {
	var found []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

// The runbook has a section for each alert and for each reason, and none for an alert or a reason that is gone.
func TestTheRunbookHasASectionForEveryAlertAndReason(t *testing.T) {
	const runbook, rules = "../docs/operations.md", "../deploy/prometheus/claimgate.rules.yaml"
	text := readDoc(t, runbook)
	var reasons []string
	for _, r := range gateway.Reasons() {
		reasons = append(reasons, string(r))
	}
	alerts := matches(`(?m)^ *- alert: (\w+)$`, readDoc(t, rules))
	if len(alerts) < 10 {
		t.Fatalf("%s has %d alerts", rules, len(alerts))
	}
	compare(t, "reason", reasons, matches("(?m)^### `(\\w+)`$", text))
	compare(t, "alert", alerts, matches(`(?m)^### (\w+)$`, text))
	for _, anchor := range matches(`operations\.md#([\w-]+)`, readDoc(t, rules)) {
		if !slices.ContainsFunc(alerts, func(a string) bool { return strings.ToLower(a) == anchor }) {
			t.Errorf("%s points to #%s of the runbook, which is not there", rules, anchor)
		}
	}
}

func compare(t *testing.T, what string, want, got []string) {
	t.Helper()
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("the %s %s has no section", what, w)
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Errorf("the section %s is of no %s", g, what)
		}
	}
}

// The architecture document names every reason of a decision.
func TestTheArchitectureShowsEveryReason(t *testing.T) {
	text := readDoc(t, "../docs/architecture.md")
	for _, r := range gateway.Reasons() {
		shown := string(r)
		if strings.HasPrefix(shown, "token_") && !strings.Contains(text, shown) {
			shown = "token_..." // of the verifier
		}
		if !regexp.MustCompile(`\b` + regexp.QuoteMeta(shown)).MatchString(text) {
			t.Errorf("no picture or text has %s", r)
		}
	}
}

// The threat model names a test for each attack, and each named test exists.
func TestEveryTestOfTheThreatModelExists(t *testing.T) {
	there := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, name := range matches(`(?m)^func ((?:Test|Fuzz)\w+)\(`, readDoc(t, path)) {
			there[name] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	text := readDoc(t, "../docs/threat-model.md")
	named := matches("`((?:Test|Fuzz)\\w+)`", text)
	if len(named) < 20 {
		t.Errorf("the threat model names %d tests", len(named))
	}
	for _, name := range named {
		if !there[name] {
			t.Errorf("the threat model names %s, which is not there", name)
		}
	}
	attacks, _, _ := strings.Cut(text[strings.Index(text, "## Attacks"):], "\n## ")
	for row := range strings.Lines(attacks) {
		if strings.HasPrefix(row, "| ") && !strings.HasPrefix(row, "| attack") && len(matches("`((?:Test|Fuzz)\\w+)`", row)) == 0 {
			t.Errorf("no test tries: %s", row)
		}
	}
}

// Each link to a file of the repository leads to a file that exists.
func TestLinksOfTheDocumentationLeadSomewhere(t *testing.T) {
	files, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	adrs, err := filepath.Glob("../docs/adr/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(append(files, adrs...), "../README.md", "../CONTRIBUTING.md", "../SECURITY.md", "../CHANGELOG.md") {
		for _, link := range matches(`\]\(([^)\s]+)\)`, readDoc(t, file)) {
			target, _, _ := strings.Cut(link, "#")
			if target == "" || strings.Contains(target, "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), target)); err != nil {
				t.Errorf("%s: %s leads nowhere", file, link)
			}
		}
	}
}
