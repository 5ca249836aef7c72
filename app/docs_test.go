package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/app/review/cases"
	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/invariant"
)

const guide = "../docs/mapping.md"

// The reference tables of the guides are those that the code makes. UPDATE=1 writes the tables.
func TestTheGuidesReferenceIsThatOfTheCode(t *testing.T) {
	checkMarked(t, guide, map[string]string{
		"mapping.toml": referenceText(mapping.Reference()), "mapping.test.toml": referenceText(cases.Reference()),
		"mapping.invariants.toml": referenceText(invariant.Reference()), "codes": codesText(),
	})
	checkMarked(t, "../docs/configuration.md", map[string]string{"config.toml": configText(), "codes": findingCodes(config.Codes())})
}

// checkMarked compares each marked part of a guide with the text that the code makes.
func checkMarked(t *testing.T, guide string, texts map[string]string) {
	t.Helper()
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	updated := string(text)
	for name, body := range texts {
		begin, end := "<!-- begin: "+name+", written by go test -->\n", "<!-- end: "+name+" -->"
		before, rest, found := strings.Cut(updated, begin)
		_, after, ended := strings.Cut(rest, end)
		if !found || !ended {
			t.Fatalf("%s has no place for the reference of %s", guide, name)
		}
		updated = before + begin + "\n" + body + "\n" + end + after
	}
	if updated == string(text) {
		return
	}
	if os.Getenv("UPDATE") == "" {
		t.Fatalf("%s is stale: UPDATE=1 go test ./app -run Guide", guide)
	}
	if err := os.WriteFile(guide, []byte(updated), 0o600); err != nil {
		t.Fatal(err)
	}
}

func referenceText(tables []mapping.Table) string {
	var b strings.Builder
	for i, table := range tables {
		if i > 0 {
			b.WriteString("\n")
		}
		name := "`" + table.Name + "`: "
		if table.Name == "" {
			name = ""
		}
		fmt.Fprintf(&b, "%s%s\n", name, table.Doc)
		if len(table.Keys) > 0 {
			b.WriteString("\n| key | type | meaning |\n|---|---|---|\n")
		}
		for _, key := range table.Keys {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", key.Name, key.Type, strings.ReplaceAll(key.Doc, "|", `\|`))
		}
	}
	return b.String()
}

// configText returns the reference of config.toml, with a table for each section.
func configText() string {
	var b strings.Builder
	section := ""
	for _, key := range config.Reference() {
		if key.Section != section {
			section = key.Section
			fmt.Fprintf(&b, "\n### [%s]\n\n| key | type | default | meaning |\n|---|---|---|---|\n", section)
		}
		value := "`" + key.Default + "`"
		switch {
		case key.Require:
			value = "required"
		case key.Default == "":
			value = ""
		}
		doc := key.Doc
		if len(key.OneOf) > 0 {
			doc += " One of " + strings.Join(key.OneOf, ", ") + "."
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", key.Name, key.Type, value, strings.ReplaceAll(doc, "|", `\|`))
	}
	return strings.TrimPrefix(b.String(), "\n")
}

func codesText() string { return findingCodes(mapping.Codes()) }

func findingCodes(codes []finding.Code) string {
	var b strings.Builder
	b.WriteString("| code | severity | meaning |\n|---|---|---|\n")
	for _, c := range codes {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", c.Code, c.Severity, c.Meaning)
	}
	return b.String()
}

// Each command of a guide prints the output that the guide shows. The test writes the files and runs the
// commands in the order of the guide. UPDATE=1 writes the outputs.
func TestTheGuidesExamplesDoWhatItSays(t *testing.T) {
	for file, atLeast := range map[string]int{guide: 8, "../docs/operations.md": 2} {
		t.Run(filepath.Base(file), func(t *testing.T) { runGuide(t, file, atLeast) })
	}
}

func runGuide(t *testing.T, file string, atLeast int) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	var out strings.Builder
	commands := 0
	for rest := string(text); rest != ""; {
		before, block, found := strings.Cut(rest, "\n```")
		out.WriteString(before)
		if !found {
			break
		}
		body, after, closed := strings.Cut(block, "\n```\n")
		if !closed {
			t.Fatalf("a block is not closed: %.60s", block)
		}
		info, body, _ := strings.Cut(body, "\n")
		language, name, _ := strings.Cut(info, " ")
		switch {
		case language == "console":
			n, shown := shell(t, body)
			commands += n
			body = shown
		case name != "":
			writeExample(t, name, body)
		case language != "mermaid":
			t.Errorf("no test reads this block, name its file: %.60s", body)
		}
		out.WriteString("\n```" + info + "\n" + body + "\n```\n")
		rest = after
	}
	if commands < atLeast {
		t.Errorf("only %d commands were run", commands)
	}
	if out.String() == string(text) {
		return
	}
	if os.Getenv("UPDATE") == "" {
		t.Fatalf("%s shows another output than the commands have; UPDATE=1 go test ./app -run Guide, and read the difference", file)
	}
	if err := os.WriteFile(path, []byte(out.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

func writeExample(t *testing.T, name, body string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(body+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// shell runs the commands of a block. It returns their number, and the block with the outputs.
func shell(t *testing.T, body string) (commands int, shown string) {
	t.Helper()
	var lines []string
	for line := range strings.SplitSeq(body, "\n") {
		command, isCommand := strings.CutPrefix(line, "$ claimgate ")
		if !isCommand {
			continue
		}
		commands++
		command, _, _ = strings.Cut(command, "  # exits with ")
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), words(command), &stdout, &stderr)
		shownCommand := "$ claimgate " + command
		if code != 0 {
			shownCommand += fmt.Sprintf("  # exits with %d", code)
		}
		lines = append(lines, shownCommand)
		if output := strings.TrimRight(stdout.String()+stderr.String(), "\n"); output != "" {
			lines = append(lines, strings.Split(output, "\n")...)
		}
	}
	return commands, strings.Join(lines, "\n")
}

// words splits a command at blanks. Double quotes keep a word with blanks together.
func words(command string) []string {
	var all []string
	word, quoted, open := "", false, false
	for _, r := range command {
		switch {
		case r == '"':
			quoted, open = !quoted, true
		case r == ' ' && !quoted:
			if word != "" || open {
				all = append(all, word)
			}
			word, open = "", false
		default:
			word += string(r)
		}
	}
	if word != "" || open {
		all = append(all, word)
	}
	return all
}
