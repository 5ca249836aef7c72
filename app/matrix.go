package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/review/report"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/matrix"
	"github.com/spf13/cobra"
)

// newMatrixCmd makes `claimgate matrix`, which shows the rights of a mapping as a table.
func newMatrixCmd() *cobra.Command {
	var file, format, out string
	cmd := &cobra.Command{
		Use:   "matrix",
		Short: "Print a table of who may do what where",
		Long: `matrix prints a row for each principal, policy and resource pattern, with a
column for each class of actions: all of the class, some, or none. Guards and
Deny statements have their own rows. Without --out the table fits the width of
the terminal.

Exit codes: 0 fine; 2 a file cannot be read or written.`,
		Example: `  claimgate matrix --mapping mapping.toml
  claimgate matrix --mapping mapping.toml --format html --out matrix.html`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			show, ok := map[string]func(io.Writer, *mapping.Mapping, []matrix.Row) error{
				"table": func(w io.Writer, _ *mapping.Mapping, rows []matrix.Row) error {
					return matrixTable(w, rows, cli.Width(w))
				},
				"csv": matrixCSV, "md": matrixMarkdown, "html": func(w io.Writer, m *mapping.Mapping, rows []matrix.Row) error {
					return report.Page(w, "Who may do what where", m, rows, nil)
				},
				"json": func(w io.Writer, _ *mapping.Mapping, rows []matrix.Row) error { return cli.JSON(w, rows) },
			}[format]
			if !ok {
				return cli.Usage("--format %q: write table, csv, json, md or html", format)
			}
			m, err := cli.LoadMapping(file)
			if err != nil {
				return err
			}
			return cli.WriteOut(out, cmd.OutOrStdout(), func(w io.Writer) error { return show(w, m, matrix.Of(m)) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&file, "mapping", "", "mapping.toml to read")
	flags.StringVar(&format, "format", "table", "table, csv, json, md or html")
	flags.StringVar(&out, "out", "", "the file to write; default: standard output")
	return cmd
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

// matrixTable writes a table of at most width columns. It shortens the principal, the policy and the resource.
func matrixTable(w io.Writer, rows []matrix.Row, width int) error {
	lines := [][]string{matrixHeads}
	for i := range rows {
		lines = append(lines, matrixCells(&rows[i], "-"))
	}
	return cli.Table(w, lines, width, 0, 1, 3)
}

func matrixCSV(w io.Writer, _ *mapping.Mapping, rows []matrix.Row) error {
	c := csv.NewWriter(w)
	_ = c.Write([]string{
		"principal", "issuer", "policy", "effect", "resource", "read", "write", "delete", "list", "admin", "root_equivalent", "conditions", "expires", "file", "line",
	}) // c.Error below returns the error
	for i := range rows {
		r := &rows[i]
		line := []string{cli.Spreadsheet(r.Principal), cli.Spreadsheet(r.Issuer), r.Policy, r.Effect, r.Resource}
		for _, cell := range r.Cells() {
			line = append(line, string(cell))
		}
		line = append(line, strings.Join(r.Conditions, "; "), r.Expires, r.File, strconv.Itoa(r.Line))
		_ = c.Write(line)
	}
	c.Flush()
	return c.Error()
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
				fmt.Fprintf(&b, "| %s ", cli.Code(text))
			}
		}
		b.WriteString("|\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
