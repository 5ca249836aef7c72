package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"
)

// missed.md says of rows what is known about why they are missed, where they are:
// each begins with "## " and the row's id.
//
//go:embed missed.md
var reasons string

// missed lists the rows that were not met, with what is known of each.
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
