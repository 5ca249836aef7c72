package cli

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/claimgate/claimgate/mapping/access"
)

// Entries prints access entries as a table of at most width columns; 0 means any width. If principals is true,
// the first column names the principal.
func Entries(w io.Writer, list []access.Entry, principals bool, width int) error {
	heads := []string{"ACTIONS", "ON", "IF", "MINUS", "POLICY", "BY"}
	if principals {
		heads = append([]string{"WHO"}, heads...)
	}
	lines := [][]string{heads}
	for i := range list {
		e := &list[i]
		cells := [][]string{e.Actions, resourceLines(e), conditionLines(e.Conditions), minusLines(e), {e.Policy}, {e.Rule.Kind + " " + e.Rule.Name, fmt.Sprintf("%s:%d", e.Rule.File, e.Rule.Line)}}
		if principals {
			who := []string{e.Principal}
			if e.Issuer != "" {
				who = append(who, "@"+e.Issuer)
			}
			if e.Expires != "" {
				who = append(who, "until "+e.Expires)
			}
			cells = append([][]string{who}, cells...)
		}
		lines = append(lines, grid(cells)...)
	}
	shorten := make([]int, len(heads))
	for i := range shorten {
		shorten[i] = i
	}
	return Table(w, lines, width, shorten...)
}

// grid returns the lines of a row of the table, whose cells have one or more lines each.
func grid(cells [][]string) [][]string {
	height := 1
	for _, c := range cells {
		height = max(height, len(c))
	}
	lines := make([][]string, height)
	for row := range lines {
		lines[row] = make([]string, len(cells))
		for column, c := range cells {
			if row < len(c) {
				lines[row][column] = c[row]
			}
		}
	}
	return lines
}

// withoutARN returns the resources without the prefix of their ARN.
func withoutARN(resources []string) []string {
	list := make([]string, len(resources))
	for i, r := range resources {
		list[i] = strings.TrimPrefix(r, "arn:aws:s3:::")
	}
	return list
}

func resourceLines(e *access.Entry) []string {
	list := withoutARN(e.Resources)
	for _, within := range withoutARN(e.Within) {
		list = append(list, "and in "+within)
	}
	return list
}

// conditionLines returns conditions without quotes and braces. A condition is JSON,
// {"Operator":{"key":"value"}}.
func conditionLines(conditions []string) []string {
	if len(conditions) == 0 {
		return []string{"-"}
	}
	var list []string
	for _, c := range conditions {
		list = append(list, strings.NewReplacer(`"`, "", "{", "", "}", "", ":[", " [", ",", ", ").Replace(c))
	}
	return list
}

func minusLines(e *access.Entry) []string {
	if len(e.Minus) == 0 {
		return []string{"-"}
	}
	var list []string
	for _, m := range e.Minus {
		text := strings.Join(withoutARN(m.Resources), ", ")
		if len(m.Except) > 0 {
			text += " but " + strings.Join(withoutARN(m.Except), ", ")
		}
		if strings.Join(m.Actions, " ") != strings.Join(e.Actions, " ") {
			text = strings.Join(m.Actions, ", ") + " on " + text
		}
		if len(m.Conditions) > 0 {
			text += " if " + strings.Join(conditionLines(m.Conditions), " and ")
		}
		list = append(list, text, "  by "+m.By)
	}
	return list
}

// EntriesCSV prints access entries as comma-separated values.
func EntriesCSV(w io.Writer, list []access.Entry) error {
	c := csv.NewWriter(w)
	_ = c.Write([]string{"principal", "issuer", "actions", "resources", "conditions", "minus", "policy", "rule_kind", "rule", "file", "line", "expires"}) // c.Error returns the error below
	for i := range list {
		e := &list[i]
		minus := ""
		if len(e.Minus) > 0 {
			minus = strings.Join(minusLines(e), "; ")
		}
		_ = c.Write([]string{
			Spreadsheet(e.Principal), Spreadsheet(e.Issuer), strings.Join(e.Actions, " "), strings.Join(append(append([]string{}, e.Resources...), e.Within...), " "), strings.Join(e.Conditions, " "),
			Spreadsheet(minus), e.Policy, e.Rule.Kind, Spreadsheet(e.Rule.Name), e.Rule.File, strconv.Itoa(e.Rule.Line), e.Expires,
		})
	}
	c.Flush()
	return c.Error()
}
