package watch

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestSeesAFileOfTheSameTimeAndSize(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tls.crt")
	archived := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	put := func(text string) {
		write(t, file, text)
		if err := os.Chtimes(file, archived, archived); err != nil {
			t.Fatal(err)
		}
	}
	put("one")
	seen := start(t, file)
	put("two")
	expect(t, seen, "another file of the same time and size")
}
