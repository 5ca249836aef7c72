package policy

import (
	"fmt"
	"strings"
)

// Source says where a document begins in a file, so that positions in findings and answers are positions in
// that file.
type Source struct {
	File string
	Line int // the line of File at which the document begins; 0 means 1
}

// Position is a place in a file. Lines and columns count from 1.
type Position struct {
	File         string
	Line, Column int
}

func (p Position) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// Error is one finding about a document: the position, what is wrong (Msg), and what would be right (Fix).
type Error struct {
	Pos Position
	Msg string
	Fix string
}

func (e *Error) Error() string {
	if e.Fix == "" {
		return e.Pos.String() + ": " + e.Msg
	}
	return e.Pos.String() + ": " + e.Msg + ": " + e.Fix
}

// Errors are all findings about one document, sorted by position.
type Errors []*Error

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, err := range e {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find an *Error.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i, err := range e {
		all[i] = err
	}
	return all
}
