package main

import (
	_ "embed"
	"html"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/matrix"
)

// page is one self-contained page: no script, and nothing that is fetched.
//
//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"rows": matrixRows,
	"join": func(list []string) string { return strings.Join(list, ", ") },
	"date": func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format("2006-01-02 15:04 UTC")
	},
	"short": func(revision string) string { return revision[:min(16, len(revision))] },
}).Parse(pageText))

// matrixRows writes the body of the matrix: a large mapping has tens of
// thousands of rows, and the template takes seconds for them.
func matrixRows(rows []matrix.Row) template.HTML {
	var b strings.Builder
	for i := range rows {
		r := &rows[i]
		b.WriteString("<tr")
		if r.Effect == "Deny" {
			b.WriteString(` class="deny"`)
		}
		b.WriteString(`><td class="name">` + html.EscapeString(r.Principal) + "</td><td>" + html.EscapeString(r.Policy) +
			"</td><td>" + html.EscapeString(r.Effect) + `</td><td class="name">` + html.EscapeString(r.Resource) + "</td>")
		for c, cell := range r.Cells() {
			alarm, condition := "", ""
			if cell != matrix.None && matrix.Classes()[c] == matrix.RootEquivalent && r.Effect == "Allow" {
				alarm = " alarm"
			}
			if cell != matrix.None && len(r.Conditions) > 0 {
				condition = " if"
			}
			b.WriteString(`<td class="cell ` + string(cell) + alarm + `">` + string(cell) + condition + "</td>")
		}
		b.WriteString("</tr>\n")
	}
	return template.HTML(b.String()) //nolint:gosec // every name is escaped above
}

// pageData is what the page shows. What is nil is left out.
type pageData struct {
	Title, File, Revision string
	Made                  time.Time
	Files                 []string
	Classes               []string
	Matrix                []matrix.Row
	Report                *reportData
}

func newPage(title, file string, m *mapping.Mapping, rows []matrix.Row) *pageData {
	p := &pageData{Title: title, File: file, Revision: m.Revision(), Made: time.Now(), Files: m.Files(), Matrix: rows}
	for _, c := range matrix.Classes() {
		p.Classes = append(p.Classes, c.String())
	}
	return p
}

func matrixHTML(w io.Writer, m *mapping.Mapping, rows []matrix.Row) error {
	return page.Execute(w, newPage("Who may do what where", slices.Concat(m.Files(), []string{""})[0], m, rows))
}
