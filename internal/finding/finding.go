// Package finding describes a problem in a file: what is wrong, where it is, and what
// would be right.
//
// The checks of configuration, mapping and policy documents all return Findings, so that
// they share one printer, one JSON form and one SARIF form.
package finding

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Severity says whether a finding prevents a start or a reload.
type Severity string

// An Error prevents a start or a reload. A Warning is only reported, unless the user asked
// for a strict check.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Code describes a code of findings. A code keeps its meaning from version to version.
type Code struct {
	Code     string
	Severity Severity
	Meaning  string
}

// Finding is one problem in one place.
type Finding struct {
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	// File is the file name that the caller gave, or "environment".
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

// HasErrors reports whether any of the findings is an error.
func HasErrors(list []Finding) bool {
	return slices.ContainsFunc(list, func(f Finding) bool { return f.Severity == Error })
}

// Sort puts errors before warnings, and sorts both by file, then by place. Findings of one place keep
// their order.
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

// AsError returns one error with a line for each finding that is an error. The error is not nil even if
// there is none.
func AsError(found []Finding) error {
	var lines []string
	for _, f := range found {
		if f.Severity == Error {
			lines = append(lines, f.String())
		}
	}
	return errors.New(strings.Join(lines, "\n"))
}
