package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/matrix"
	"github.com/spf13/cobra"
)

// newMatrixCmd makes `claimgate matrix`: who may do what where, as a table.
func newMatrixCmd() *cobra.Command {
	var file, format, out string
	cmd := &cobra.Command{
		Use:   "matrix",
		Short: "Lay out who may do what where, as a table",
		Long: `matrix prints a row for each principal, policy and resource pattern, with a column
for each class of actions: all of the class, some of it, or none. Guards, and Deny
statements, have rows of their own. Without --out a table is fitted to the terminal.

Exit codes: 0 fine; 2 a file cannot be read or written.`,
		Example: `  claimgate matrix --mapping mapping.toml
  claimgate matrix --mapping mapping.toml --format html --out matrix.html`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			show, ok := map[string]func(io.Writer, *mapping.Mapping, []matrix.Row) error{
				"table": func(w io.Writer, _ *mapping.Mapping, rows []matrix.Row) error {
					return matrixTable(w, rows, cli.Width(w))
				},
				"csv": matrixCSV, "md": matrixMarkdown, "html": matrixHTML,
				"json": func(w io.Writer, _ *mapping.Mapping, rows []matrix.Row) error { return encode(w, rows) },
			}[format]
			if !ok {
				return usage("--format %q: write table, csv, json, md or html", format)
			}
			m, err := loadMappingFile(file)
			if err != nil {
				return err
			}
			return writeOut(out, cmd.OutOrStdout(), func(w io.Writer) error { return show(w, m, matrix.Of(m)) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&file, "mapping", "", "mapping.toml to lay out")
	flags.StringVar(&format, "format", "table", "table, csv, json, md or html")
	flags.StringVar(&out, "out", "", "the file to write; default standard output")
	return cmd
}

// writeOut writes to a file, or to standard output where none is named.
func writeOut(path string, stdout io.Writer, write func(io.Writer) error) (err error) {
	if path == "" || path == "-" {
		return write(stdout)
	}
	f, err := os.Create(path)
	if err != nil {
		return cli.Exit(cli.ExitUsage, err)
	}
	defer func() {
		if closed := f.Close(); err == nil && closed != nil {
			err = cli.Exit(cli.ExitUsage, closed)
		}
	}()
	return write(f)
}

var matrixHeads = []string{"PRINCIPAL", "POLICY", "EFFECT", "ON", "READ", "WRITE", "DELETE", "LIST", "ADMIN", "ROOT-EQUIVALENT"}

func matrixCells(r *matrix.Row, none string) []string {
	who := r.Principal
	if r.Issuer != "" {
		who += " @" + r.Issuer
	}
	cells := []string{who, r.Policy, r.Effect, r.Resource}
	for _, c := range r.Cells() {
		text := string(c)
		switch {
		case c == matrix.None:
			text = none
		case len(r.Conditions) > 0:
			text += " if"
		}
		cells = append(cells, text)
	}
	return cells
}

// matrixTable shortens the first, second and fourth column as far as the width
// asks for; 0 is as wide as it gets.
func matrixTable(w io.Writer, rows []matrix.Row, width int) error {
	lines := [][]string{matrixHeads}
	for i := range rows {
		lines = append(lines, matrixCells(&rows[i], "-"))
	}
	widths := make([]int, len(matrixHeads))
	total := 0
	for column := range widths {
		for _, line := range lines {
			widths[column] = max(widths[column], len([]rune(line[column])))
		}
		total += widths[column] + 2
	}
	for width > 0 && total > width {
		widest := 0
		for _, column := range []int{0, 1, 3} {
			if widths[column] > widths[widest] {
				widest = column
			}
		}
		if widths[widest] <= 12 {
			break
		}
		widths[widest]--
		total--
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, line := range lines {
		for column, text := range line {
			if text = plain(text); len([]rune(text)) > widths[column] {
				text = string([]rune(text)[:widths[column]-1]) + "…"
			}
			if column > 0 {
				text = "\t" + text
			}
			fmt.Fprint(tw, text)
		}
		fmt.Fprintln(tw)
	}
	return tw.Flush()
}

// plain keeps what a group is called from moving the cursor or the columns.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, text)
}

func matrixCSV(w io.Writer, _ *mapping.Mapping, rows []matrix.Row) error {
	c := csv.NewWriter(w)
	_ = c.Write([]string{
		"principal", "issuer", "policy", "effect", "resource", "read", "write", "delete", "list", "admin", "root_equivalent", "conditions", "expires", "file", "line",
	}) // Error below has it
	for i := range rows {
		r := &rows[i]
		line := []string{spreadsheet(r.Principal), spreadsheet(r.Issuer), r.Policy, r.Effect, r.Resource}
		for _, cell := range r.Cells() {
			line = append(line, string(cell))
		}
		line = append(line, strings.Join(r.Conditions, "; "), r.Expires, r.File, strconv.Itoa(r.Line))
		_ = c.Write(line)
	}
	c.Flush()
	return c.Error()
}

// spreadsheet keeps a name from being run as a formula when the table is opened.
func spreadsheet(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

func matrixMarkdown(w io.Writer, _ *mapping.Mapping, rows []matrix.Row) error {
	var b strings.Builder
	b.WriteString("| principal | policy | effect | on | read | write | delete | list | admin | root-equivalent |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for i := range rows {
		for column, text := range matrixCells(&rows[i], "") {
			switch {
			case column == 2 || column > 3:
				fmt.Fprintf(&b, "| %s ", text)
			default:
				fmt.Fprintf(&b, "| %s ", code(text))
			}
		}
		b.WriteString("|\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
