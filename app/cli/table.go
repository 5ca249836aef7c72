package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// narrowest is the width in characters below which Table does not shorten a column.
const narrowest = 12

// Table prints a table. All lines have the same number of cells. If width is above 0 and the table is wider,
// Table shortens the cells of the columns whose indexes are in shorten, the widest column first.
func Table(w io.Writer, lines [][]string, width int, shorten ...int) error {
	widths := make([]int, len(lines[0]))
	total := 0
	for column := range widths {
		for _, line := range lines {
			widths[column] = max(widths[column], len([]rune(line[column])))
		}
		total += widths[column] + 2
	}
	for width > 0 && total > width {
		widest := shorten[0]
		for _, column := range shorten {
			if widths[column] > widths[widest] {
				widest = column
			}
		}
		if widths[widest] <= narrowest {
			break
		}
		widths[widest]--
		total--
	}
	var b strings.Builder
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, line := range lines {
		for column, text := range line {
			if text = Printable(text); len([]rune(text)) > widths[column] {
				text = string([]rune(text)[:widths[column]-1]) + "…"
			}
			if column > 0 {
				text = "\t" + text
			}
			fmt.Fprint(tw, text)
		}
		fmt.Fprintln(tw)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(b.String()) {
		if _, err := io.WriteString(w, strings.TrimRight(line, " \n")+"\n"); err != nil {
			return err
		}
	}
	return nil
}
