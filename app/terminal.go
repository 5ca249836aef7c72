package main

import (
	"io"
	"os"
	"strconv"
)

// terminalWidth is how wide a table may get: 0, as wide as it likes, where it
// goes to a file or a pipe. COLUMNS says otherwise.
func terminalWidth(w io.Writer) int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	width, _ := screen(w)
	return width
}

// screen is the width of the terminal that w is, if it is one.
func screen(w io.Writer) (width int, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile {
		return 0, false
	}
	return columns(f)
}
