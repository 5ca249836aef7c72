package cli

import (
	"io"
	"os"
	"strconv"
)

// Width returns the width for a table on w in columns: the value of the variable COLUMNS, or else the width of
// the terminal. It is 0, which means any width, if w is a file or a pipe.
func Width(w io.Writer) int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	width, _ := Terminal(w)
	return width
}

// Terminal returns the width of the terminal w in columns. ok is false if w is not a terminal.
func Terminal(w io.Writer) (width int, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile {
		return 0, false
	}
	return columns(f)
}
