// Command scenarios writes the table of e2e/README.md from the names and the comments of
// the tests. Its own test fails if the table is out of date.
//
//	go generate ./...
package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
)

// begin and end are the lines around the table.
const (
	begin = "<!-- scenarios: made by go generate -->\n"
	end   = "<!-- /scenarios -->\n"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "scenarios:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	path := filepath.Join(dir, "README.md")
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	fresh, err := render(dir, old)
	if err != nil {
		return err
	}
	return os.WriteFile(path, fresh, 0o644)
}

// render returns the text with the table of the tests in dir.
func render(dir string, text []byte) ([]byte, error) {
	before, rest, found := bytes.Cut(text, []byte(begin))
	_, after, closed := bytes.Cut(rest, []byte(end))
	if !found || !closed {
		return nil, fmt.Errorf("README.md has no lines %q and %q", begin, end)
	}
	table, err := table(dir)
	if err != nil {
		return nil, err
	}
	return bytes.Join([][]byte{before, []byte(begin), []byte(table), []byte(end), after}, nil), nil
}

// table returns a table with a row for each test, ordered by file and line.
func table(dir string) (string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("| test | what it shows |\n|---|---|\n")
	var errs []error
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return "", err
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") || f.Name.Name == "TestMain" {
				continue
			}
			words := strings.Join(strings.Fields(f.Doc.Text()), " ")
			if words == "" {
				errs = append(errs, fmt.Errorf("%s: %s has no comment that says what it shows", path, f.Name.Name))
			}
			fmt.Fprintf(&b, "| `%s` | %s |\n", f.Name.Name, strings.ReplaceAll(words, "|", "\\|"))
		}
	}
	return b.String(), errors.Join(errs...)
}
