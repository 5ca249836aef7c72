package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTableIsUpToDate(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := render("../..", text)
	if err != nil {
		t.Fatal(err)
	}
	if string(fresh) != string(text) {
		t.Error("the table of e2e/README.md is out of date: run go generate ./... in e2e")
	}
}

func TestEachTestHasARow(t *testing.T) {
	dir := t.TempDir()
	tests := "package x\n\n// Shows this\n// and | that.\nfunc TestB(t *testing.T) {}\n\n// Is none.\nfunc helper() {}\n\nfunc TestMain(m *testing.M) {}\n"
	write(t, dir, "b_test.go", tests)
	write(t, dir, "README.md", "# X\n"+begin+"old\n"+end+"rest\n")
	if err := run(dir); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	want := "# X\n" + begin + "| test | what it shows |\n|---|---|\n| `TestB` | Shows this and \\| that. |\n" + end + "rest\n"
	if string(got) != want {
		t.Errorf("README.md is\n%s\nwant\n%s", got, want)
	}
	write(t, dir, "a_test.go", "package x\n\nfunc TestA(t *testing.T) {}\n")
	if err := run(dir); err == nil || !strings.Contains(err.Error(), "TestA has no comment") {
		t.Errorf("a test without a comment: %v, want an error that names it", err)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
