package console

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/claimgate/claimgate/mapping/access"
)

//go:embed *.html
var pageFiles embed.FS

// page is what a template shows.
type page struct {
	Name  string
	Data  any
	Error string
}

var functions = template.FuncMap{
	"join":  func(list []string) string { return strings.Join(list, ", ") },
	"lines": func(list []string) string { return strings.Join(list, "\n") },
	"short": func(list []string) []string { return access.ShortActions(list) },
	"date":  func(t time.Time) string { return t.UTC().Format("2006-01-02") },
	"clock": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
	"trim": func(resource string) string {
		return strings.TrimPrefix(strings.TrimPrefix(resource, "arn:aws:s3:::"), "arn:minio:kms:::")
	},
	"ask":   questionFor,
	"chart": chart,
	// lastDay is the last day of a grant: a grant that ends at midnight ends with the day before.
	"lastDay": func(t time.Time) string { return t.Add(-time.Second).UTC().Format("2006-01-02") },
	"query": func(pairs ...string) template.URL {
		q := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i+1] != "" {
				q.Set(pairs[i], pairs[i+1])
			}
		}
		return template.URL(q.Encode()) //nolint:gosec // every value is escaped
	},
	"short16": func(text string) string { return text[:min(16, len(text))] },
}

var templates = func() map[string]*template.Template {
	all := map[string]*template.Template{}
	layout := template.Must(template.New("layout.html").Funcs(functions).ParseFS(pageFiles, "layout.html"))
	for _, name := range []string{"overview", "access", "explain", "change", "decisions"} {
		all[name] = template.Must(template.Must(layout.Clone()).ParseFS(pageFiles, name+".html"))
	}
	return all
}()

// write writes a page. If part is true, it writes the results alone, which the script asks for after each input.
func write(w io.Writer, p *page, part bool) error {
	if part {
		return templates[p.Name].ExecuteTemplate(w, "results", p)
	}
	return templates[p.Name].ExecuteTemplate(w, "layout.html", p)
}

// questionFor returns the question for Access about one principal. It puts a name with white space in quotes.
func questionFor(kind, name string) string {
	if kind != "" {
		name = kind + ":" + name
	}
	if strings.ContainsFunc(name, unicode.IsSpace) {
		name = `"` + strings.ReplaceAll(name, `"`, "") + `"`
	}
	return name
}

// chart draws the answers over time as SVG: allowed above the line, denied below.
func chart(list []bar) template.HTML {
	if len(list) == 0 {
		return ""
	}
	most := 1
	for _, b := range list {
		most = max(most, b.Allow, b.Deny)
	}
	const width, half = 14, 60
	var s strings.Builder
	allows, denies := 0, 0
	for _, b := range list {
		allows, denies = allows+b.Allow, denies+b.Deny
	}
	fmt.Fprintf(&s, `<svg class="chart" viewBox="0 0 %d %d" preserveAspectRatio="none" role="img" aria-label="%d allowed and %d denied, from %s to %s">`,
		len(list)*width, 2*half+2, allows, denies, list[0].From.UTC().Format("2006-01-02 15:04"), list[len(list)-1].From.UTC().Format("2006-01-02 15:04"))
	for i, b := range list {
		up, down := b.Allow*half/most, b.Deny*half/most
		if b.Allow > 0 {
			up = max(up, 2)
		}
		if b.Deny > 0 {
			down = max(down, 2)
		}
		fmt.Fprintf(&s, `<g><title>%s UTC: %d allowed, %d denied</title><rect class="hit" x="%d" y="0" width="%d" height="%d"/><rect class="allow" x="%d" y="%d" width="%d" height="%d"/><rect class="deny" x="%d" y="%d" width="%d" height="%d"/></g>`,
			b.From.UTC().Format("2006-01-02 15:04"), b.Allow, b.Deny, i*width, width, 2*half+2, i*width+1, half-up, width-2, up, i*width+1, half+2, width-2, down)
	}
	fmt.Fprintf(&s, `<line class="axis" x1="0" y1="%d" x2="%d" y2="%d"/></svg>`, half+1, len(list)*width, half+1)
	return template.HTML(s.String()) //nolint:gosec // numbers and times only
}
