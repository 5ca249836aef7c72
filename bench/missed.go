package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"
)

// missed.md explains rows that may miss their goals. A section begins with "## "
// and the row's id; it is printed only if the row is missed.
//
//go:embed missed.md
var reasons string

// missed lists the rows that missed their goals, with their explanations.
func (r *results) missed() string {
	known := map[string]string{}
	for section := range strings.SplitSeq(reasons, "## ") {
		id, text, _ := strings.Cut(section, "\n")
		known[strings.TrimSpace(id)] = " " + strings.TrimSpace(text)
	}
	var out bytes.Buffer
	for _, row := range r.rows {
		if len(row.values) == 0 || row.met() {
			continue
		}
		result, _ := row.cells()
		fmt.Fprintf(&out, "- **%s**: %s, the goal is %s.%s\n", row.what, result, row.goal, known[row.id])
	}
	if out.Len() == 0 {
		return "None."
	}
	return strings.TrimSpace(out.String())
}
