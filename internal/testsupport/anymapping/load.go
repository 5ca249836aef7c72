package anymapping

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/claimgate/claimgate/mapping"
)

// Load writes the text to a file mapping.toml and loads the file. The test fails if the mapping has an error.
func Load(tb testing.TB, text string) *mapping.Mapping {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "mapping.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	m, found := mapping.Load(file)
	if m == nil {
		tb.Fatal(found)
	}
	return m
}
