// Package finding holds what a check of a file has to say: what is wrong, where,
// and what would be right.
//
// Configuration, mapping and policy documents all report in this one shape, so
// that one printer, one JSON form and one SARIF form serve them all.
package finding

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Severity says whether a finding stops a start or a reload.
type Severity string

// An Error stops a start or a reload. A Warning is only said, unless the person
// asked for strictness.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Code is what a finding's code stands for. Codes keep their meaning from
// version to version.
type Code struct {
	Code     string
	Severity Severity
	Meaning  string
}

// Finding is one thing found in one place.
type Finding struct {
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	// File is the file as it was named to us, or "environment".
	File string `json:"file"`
	// Line and Column start at 1; 0 means the file as a whole. Columns count
	// characters, not bytes.
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
	Fix     string `json:"fix"`
}

// Place returns file:line:column, without the parts that are not known.
func (f Finding) Place() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		b.WriteByte(':')
		b.WriteString(strconv.Itoa(f.Line))
		if f.Column > 0 {
			b.WriteByte(':')
			b.WriteString(strconv.Itoa(f.Column))
		}
	}
	return b.String()
}

// String returns the finding on one line.
func (f Finding) String() string {
	var b strings.Builder
	if place := f.Place(); place != "" {
		b.WriteString(place)
		b.WriteString(": ")
	}
	b.WriteString(string(f.Severity))
	b.WriteByte(' ')
	b.WriteString(f.Code)
	b.WriteString(": ")
	b.WriteString(f.Message)
	if f.Fix != "" {
		b.WriteString("; ")
		b.WriteString(f.Fix)
	}
	return b.String()
}

// HasErrors says whether any of the findings is an error.
func HasErrors(list []Finding) bool {
	return slices.ContainsFunc(list, func(f Finding) bool { return f.Severity == Error })
}

// Sort puts errors before warnings, and each of them in reading order: by file, then by place. Findings
// of one place keep the order in which they were found.
func Sort(list []Finding) {
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.Severity, b.Severity), // "error" before "warning"
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
		)
	})
}

// AsError returns one error with a line for each finding that stops a start or a reload.
func AsError(found []Finding) error {
	var lines []string
	for _, f := range found {
		if f.Severity == Error {
			lines = append(lines, f.String())
		}
	}
	return errors.New(strings.Join(lines, "\n"))
}
