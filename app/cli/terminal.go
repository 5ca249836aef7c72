package cli

import (
	"io"
	"os"
	"strconv"
)

// Width returns the width for a table in columns: that of the terminal, or the value of
// COLUMNS. 0 means any width, for a file or a pipe.
func Width(w io.Writer) int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	width, _ := Terminal(w)
	return width
}

// Terminal returns the width of the terminal in columns. ok is false if w is not a
// terminal.
func Terminal(w io.Writer) (width int, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile {
		return 0, false
	}
	return columns(f)
}
