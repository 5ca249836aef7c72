package report

import (
	_ "embed"
	"html"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/claimgate/claimgate/app/review/proof"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/invariant"
	"github.com/claimgate/claimgate/mapping/matrix"
)

// The page has no script and fetches nothing.
//
//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"rows": matrixRows,
	"verdict": func(r invariant.Result) template.HTML {
		switch r.Verdict {
		case invariant.Holds:
			return `<span class="mark good">holds</span>`
		case invariant.Violated:
			return `<span class="mark bad">violated</span>`
		case invariant.Undecided:
		}
		return `<span class="mark warn">unproved</span>`
	},
	"because": func(r invariant.Result) string {
		if r.Counterexample != nil {
			return proof.Sentence(r.Counterexample)
		}
		return r.Why
	},
	"join": func(list []string) string { return strings.Join(list, ", ") },
	"date": func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format("2006-01-02 15:04 UTC")
	},
	"short": func(revision string) string { return revision[:min(16, len(revision))] },
}).Parse(pageText))

// matrixRows returns the body of the matrix table. It does not use the template: a large mapping has tens of
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

// pageData is the data of page.html. The page leaves out members that are nil.
type pageData struct {
	Title, Revision string
	Made            time.Time
	Files           []string
	Classes         []string
	Matrix          []matrix.Row
	Report          *Data
}

// Page writes one HTML page with the matrix rows of a mapping, and with d if d is not nil.
func Page(w io.Writer, title string, m *mapping.Mapping, rows []matrix.Row, d *Data) error {
	p := &pageData{Title: title, Revision: m.Revision(), Made: time.Now(), Files: m.Files(), Matrix: rows, Report: d}
	for _, c := range matrix.Classes() {
		p.Classes = append(p.Classes, c.String())
	}
	return page.Execute(w, p)
}
