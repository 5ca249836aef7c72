package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadmeIsCurrent(t *testing.T) {
	want, err := table()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), begin+want+end) {
		t.Errorf("the table of verifier/README.md is stale; run\n\tgo -C verifier/matrix run . -write ../README.md\nit should be\n%s", want)
	}
	if !strings.Contains(want, "| accepted of 44 | 0 |") {
		t.Error("claimgate accepts an odd token")
	}
}

func TestReplace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "README.md")
	if err := replace(file, "new\n"); err == nil {
		t.Error("no file, and no error")
	}
	for _, c := range []struct{ old, want string }{
		{"a\n" + begin + "old\n" + end + "b\n", "a\n" + begin + "new\n" + end + "b\n"},
		{"a\n" + begin + "old\n", ""},
		{"a\nb\n", ""},
	} {
		if err := os.WriteFile(file, []byte(c.old), 0o600); err != nil {
			t.Fatal(err)
		}
		err := replace(file, "new\n")
		got, _ := os.ReadFile(file)
		if c.want == "" && (err == nil || string(got) != c.old) {
			t.Errorf("without a place for the table: error %v, file %q", err, got)
		}
		if c.want != "" && (err != nil || string(got) != c.want) {
			t.Errorf("error %v, file %q, want %q", err, got, c.want)
		}
	}
}
