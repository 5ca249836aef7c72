package issuer

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// page is the data of page.html.
type page struct {
	Title, Text string
	Action      string // the endpoint of the form: authorize, device or end-session; empty: no form
	Client      string // the client that asks
	Hidden      [][2]string
	Users       []pageUser
	Ask         string // the name of a field to fill in
	Confirm     string // the text of a button
	Target      string // the path of Action; show sets it

	returnsTo string // the address to which the answer of the form redirects the browser
}

type pageUser struct{ Name, Groups, Policies string }

// show writes a page that loads nothing, runs no script and cannot be in a frame.
func (i *Issuer) show(w http.ResponseWriter, status int, p page) {
	p.Target = i.actions[p.Action]
	// Browsers also check the redirect after a form against form-action.
	actions := "'self'"
	if u, err := url.Parse(p.returnsTo); err == nil && u.Host != "" {
		actions += " " + u.Scheme + "://" + u.Host
	}
	var text bytes.Buffer
	if err := pageTemplate.Execute(&text, p); err != nil {
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; form-action "+actions)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes()) // an error means that the browser has gone
}
