package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/c2sp/wycheproof"
)

// The vectors in verifier/testdata are copies of the module's files. To update them, go get
// the module and copy the files.
func TestWycheproofCopies(t *testing.T) {
	copies, err := filepath.Glob("../testdata/wycheproof/*.json")
	if err != nil || len(copies) != 3 {
		t.Fatalf("%d copies, error %v", len(copies), err)
	}
	for _, name := range copies {
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := fs.ReadFile(wycheproof.TestVectors, filepath.Base(name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s differs from the module", name)
		}
	}
}
