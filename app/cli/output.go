package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// Plural returns n with the word, with an s unless n is 1.
func Plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// JSON writes v as indented JSON. It does not escape "<", ">" and "&".
func JSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// WriteOut calls write with a new file at path, or with stdout if path is empty or "-". The error is an
// *ExitError with ExitUsage if the file cannot be created or closed.
func WriteOut(path string, stdout io.Writer, write func(io.Writer) error) (err error) {
	if path == "" || path == "-" {
		return write(stdout)
	}
	f, err := os.Create(path)
	if err != nil {
		return Exit(ExitUsage, err)
	}
	defer func() {
		if closed := f.Close(); err == nil && closed != nil {
			err = Exit(ExitUsage, closed)
		}
	}()
	return write(f)
}

// Printable replaces characters that are not printable. A name of a group could move the cursor with them.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, text)
}

// Spreadsheet returns a text for CSV. If a spreadsheet could run it as a formula, it begins with an apostrophe.
func Spreadsheet(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
