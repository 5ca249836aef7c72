package console

import (
	"os"
	"strings"
)

// excerpt holds some lines of a file.
type excerpt struct {
	File  string
	Line  int // the number of the line to mark
	Lines []numbered
}

type numbered struct {
	Number int
	Text   string
	Meant  bool // the line to mark
}

// The longest excerpt, in lines, and the longest line, in bytes.
const (
	mostLines = 14
	mostBytes = 400
)

// lines returns an excerpt that begins at the line and ends before the next [[table]]. The excerpt of a file
// that cannot be read is empty.
func (l *loaded) lines(file string, line int) excerpt {
	e := excerpt{File: file, Line: line}
	all, _ := l.texts.Load(file)
	text, ok := all.([]string)
	if !ok {
		data, err := os.ReadFile(file) //nolint:gosec // the file of a rule or of a policy that the mapping names
		if err != nil {
			return e
		}
		text = strings.Split(string(data), "\n")
		l.texts.Store(file, text)
	}
	for n := line; n >= 1 && n <= len(text) && len(e.Lines) < mostLines; n++ {
		one := strings.TrimRight(text[n-1], "\r")
		if n > line && strings.HasPrefix(strings.TrimSpace(one), "[[") {
			break
		}
		if len(one) > mostBytes {
			one = strings.ToValidUTF8(one[:mostBytes], "") + "…"
		}
		e.Lines = append(e.Lines, numbered{n, one, n == line})
	}
	for len(e.Lines) > 1 && strings.TrimSpace(e.Lines[len(e.Lines)-1].Text) == "" {
		e.Lines = e.Lines[:len(e.Lines)-1]
	}
	return e
}
