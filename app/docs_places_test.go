package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const architecture = "../docs/architecture.md"

// Every package has a line in the table of packages, and every line names a package.
func TestTheArchitectureListsEveryPackage(t *testing.T) {
	var listed []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([\\w/.]+)` \\| .+ \\|$").FindAllStringSubmatch(readDoc(t, architecture), -1) {
		listed = append(listed, m[1])
	}
	found := map[string]bool{}
	err := filepath.WalkDir("..", func(file string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() && d.Name() == "testdata" {
			return fs.SkipDir
		}
		if path.Ext(file) != ".go" {
			return err
		}
		pkg := path.Dir(strings.TrimPrefix(filepath.ToSlash(file), "../"))
		if pkg == "." { // the embedded examples
			return nil
		}
		for dir := pkg; dir != "."; dir = path.Dir(dir) {
			if slices.Contains(listed, dir+"/...") {
				pkg = dir + "/..."
			}
		}
		found[pkg] = true
		if !slices.Contains(listed, pkg) {
			t.Errorf("%s has no line in the table of packages", pkg)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range listed {
		if !found[pkg] {
			t.Errorf("the table of packages lists %s, which holds no package", pkg)
		}
	}
	if len(listed) < 20 {
		t.Errorf("the table of packages has %d lines only", len(listed))
	}
}

// Each declaration in the table "Where is it?" is in the file that the table names.
func TestTheArchitectureNamesPlacesThatExist(t *testing.T) {
	rows := regexp.MustCompile("(?m)^\\| .+\\? \\| ([\\w/]+\\.go) \\| `([\\w.]+)` \\|$").FindAllStringSubmatch(readDoc(t, architecture), -1)
	_, table, _ := strings.Cut(readDoc(t, architecture), "## Where is it?")
	table, _, _ = strings.Cut(table, "\n## ")
	if lines := strings.Count(table, "\n|") - 2; len(rows) != lines || lines < 20 {
		t.Fatalf("%d rows of %d are a question, a file and a declaration", len(rows), lines)
	}
	for _, row := range rows {
		if !slices.Contains(declarations(t, filepath.Join("..", row[1])), row[2]) {
			t.Errorf("%s does not declare %s", row[1], row[2])
		}
	}
}

// declarations returns the functions, methods and types of a file: F, T.M, T.
func declarations(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range parsed.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			if d.Recv != nil {
				of := d.Recv.List[0].Type
				if pointer, ok := of.(*ast.StarExpr); ok {
					of = pointer.X
				}
				if ident, ok := of.(*ast.Ident); ok {
					names = append(names, ident.Name+"."+name)
				}
			}
			names = append(names, name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if s, ok := spec.(*ast.TypeSpec); ok {
					names = append(names, s.Name.Name)
				}
			}
		}
	}
	return names
}
