package console

import (
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Options configure a console. Mapping and Now are required.
type Options struct {
	Mapping string // the mapping's file
	Against string // the mapping to compare an edited one with: a file, or git:REV; empty: the file on disk
	Audit   string // a decision log; empty: none
	Tests   string // test cases; empty: none
	Now     func() time.Time
	TLS     bool     // the listener speaks TLS
	Names   []string // the DNS names of the certificate, which a browser may use too
}

// Console answers the requests of a browser. It is safe for concurrent use.
type Console struct {
	o     Options
	key   string
	hosts []string // the values of Host that a browser may send; Address returns the first
	port  string   // the port, if the listener takes every address of the machine; else empty
	mux   *http.ServeMux
	files *files
}

// The limits of a request and of its answer.
const (
	maxBody    = 8 << 20
	maxRows    = 200 // rows of a table in a page; /api/access has all
	maxSeconds = 30
)

//go:embed style.css console.js
var assets embed.FS

// New makes a console, with a new random key, for a listener on the address at.
func New(o Options, at net.Addr) (*Console, error) {
	c := &Console{o: o, mux: http.NewServeMux(), files: newFiles(o)}
	c.setHosts(at)
	random := make([]byte, 24)
	if _, err := rand.Read(random); err != nil {
		return nil, err
	}
	c.key = base64.RawURLEncoding.EncodeToString(random)
	for path, v := range map[string]view{
		"/{$}": {"overview", c.overview}, "/access": {"access", c.access}, "/explain": {"explain", c.explain},
		"/change": {"change", c.change}, "/decisions": {"decisions", c.decisions},
	} {
		c.mux.Handle(path, v)
		api := "/api" + path
		if v.name == "overview" {
			api = "/api/{$}"
			c.mux.Handle("/api/overview", asJSON(v))
		}
		c.mux.Handle(api, asJSON(v))
	}
	c.mux.HandleFunc("GET /report", c.report)
	c.mux.Handle("GET /style.css", http.FileServerFS(assets))
	c.mux.Handle("GET /console.js", http.FileServerFS(assets))
	return c, nil
}

// Address returns the URL to open, with the key.
func (c *Console) Address() string {
	scheme := "http://"
	if c.o.TLS {
		scheme = "https://"
	}
	return scheme + c.hosts[0] + "/?key=" + c.key
}

// setHosts sets the values of Host that a browser may send to the listener.
func (c *Console) setHosts(at net.Addr) {
	host, port, err := net.SplitHostPort(at.String())
	ip := net.ParseIP(host)
	if err != nil || ip == nil {
		c.hosts = []string{at.String()}
		return
	}
	for _, name := range c.o.Names {
		c.hosts = append(c.hosts, net.JoinHostPort(name, port))
	}
	switch {
	case ip.IsUnspecified():
		c.port = port
	case ip.IsLoopback():
		c.hosts = append([]string{at.String(), net.JoinHostPort("localhost", port)}, c.hosts...)
	default:
		c.hosts = append(c.hosts, at.String())
	}
	if len(c.hosts) == 0 {
		c.hosts = []string{at.String()}
	}
}

// allowedHost returns true if host is a name of the console. If the listener takes every address of the machine, any
// IP address counts, because only a DNS name can be rebound.
func (c *Console) allowedHost(host string) bool {
	if slices.Contains(c.hosts, host) {
		return true
	}
	name, port, err := net.SplitHostPort(host)
	return err == nil && c.port != "" && port == c.port && net.ParseIP(name) != nil
}

// Server returns the HTTP server of the console.
func (c *Console) Server() *http.Server {
	return &http.Server{
		Handler: c, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: maxSeconds * time.Second, WriteTimeout: 2 * maxSeconds * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
}

const cookie = "claimgate_console"

// ServeHTTP implements http.Handler. It checks the Host, the key, the method and the origin, in this order,
// before a view reads anything.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin") // with no-referrer a browser sends its own forms with the Origin null (Fetch, section 3.2)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	switch {
	case !c.allowedHost(r.Host):
		http.Error(w, "the Host of the request is not a name of this console", http.StatusMisdirectedRequest)
		return
	case !c.hasKey(r):
		http.Error(w, "open the address that claimgate console printed: it has the key", http.StatusForbidden)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost:
		h.Set("Allow", "GET, HEAD, POST")
		http.Error(w, "the console only reads: use GET, HEAD or POST", http.StatusMethodNotAllowed)
		return
	case r.Method == http.MethodPost && !c.sameOrigin(r):
		http.Error(w, "the form is not the console's own", http.StatusForbidden)
		return
	}
	if r.URL.Query().Get("key") != "" {
		http.SetCookie(w, &http.Cookie{Name: cookie, Value: c.key, Path: "/", HttpOnly: true, Secure: c.o.TLS, SameSite: http.SameSiteStrictMode}) //nolint:gosec // Secure with TLS; without, the page is on the loopback interface
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	c.mux.ServeHTTP(w, r)
}

// hasKey returns true if the request has the key, in its query or in the cookie.
func (c *Console) hasKey(r *http.Request) bool {
	given := r.URL.Query().Get("key")
	if given == "" {
		if found, err := r.Cookie(cookie); err == nil {
			given = found.Value
		}
	}
	return subtle.ConstantTimeCompare([]byte(given), []byte(c.key)) == 1
}

// sameOrigin returns true for a form of the console's own pages. Browsers send Sec-Fetch-Site or Origin with a form. A
// request without both comes from another kind of client, for which the key is enough.
func (c *Console) sameOrigin(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	_, host, _ := strings.Cut(origin, "://")
	return c.allowedHost(host)
}

// view is a page: its template, and the function that makes its data.
type view struct {
	name string
	data func(*http.Request) (any, error)
}

func (v view) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	data, err := v.data(r)
	p := page{Name: v.name, Data: data}
	if err != nil {
		p.Error = err.Error()
	}
	part := r.URL.Query().Get("part") != ""
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := write(w, &p, part); err != nil {
		http.Error(w, "the page could not be written", http.StatusInternalServerError)
	}
}

// asJSON answers with the data of a view.
func asJSON(v view) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		data, err := v.data(r)
		if err != nil {
			w.WriteHeader(http.StatusUnprocessableEntity)
			data = map[string]string{"error": err.Error()}
		}
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		_ = e.Encode(data) // an error means that the client has gone
	})
}
