package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/claimgate/claimgate/internal/rate"
	"github.com/claimgate/claimgate/internal/spelling"
)

// check checks every value on its own, by its struct tags, then against the others.
func (l *loader) check() {
	walk(reflect.ValueOf(l.config).Elem(), "", func(e entry) {
		if e.leaf() {
			l.checkTags(e)
		}
	})
	l.checkServer()
	l.checkIssuers()
	l.checkEvidence()
	l.checkStore()
	l.checkAudit()
	if m := &l.config.Mapping; m.Shadow != "" && m.Shadow == m.File {
		l.report(codeContradiction, &m.Shadow, "the next mapping is the one in force", "write the next mapping's file, or remove the key")
	}
}

func (l *loader) checkTags(e entry) {
	if enum := e.field.Tag.Get("enum"); enum != "" {
		l.checkEnum(e, strings.Split(enum, ","))
	}
	if e.value.Kind() == reflect.Int64 {
		l.checkBounds(e)
	}
	text := ""
	if e.value.Kind() == reflect.String {
		text = e.value.String()
	}
	switch e.field.Tag.Get("unit") {
	case "listen":
		if message := badListen(text); message != "" {
			l.report(codeBadValue, e.pointer(), message, listenFix(text))
		}
	case "name":
		if strings.TrimSpace(text) != text || text == "" {
			l.report(codeBadValue, e.pointer(), fmt.Sprintf("%q is not a name", text), "write a name without blanks around it")
		}
	case "rate":
		if _, _, ok := rate.Parse(text); !ok {
			l.report(codeBadValue, e.pointer(), fmt.Sprintf("%q is not a rate", text), `write "all", "none", or a rate such as "1/100"`)
		}
	case "list":
		l.checkList(e)
	}
}

func (l *loader) checkEnum(e entry, allowed []string) {
	text := e.value.String()
	if slices.Contains(allowed, text) {
		return
	}
	fix := "write one of " + strings.Join(allowed, ", ")
	if near := spelling.Nearest(text, allowed); near != "" {
		fix = "did you mean " + near + "?"
	}
	l.report(codeBadValue, e.pointer(), fmt.Sprintf("%q is not one of %s", text, strings.Join(allowed, ", ")), fix)
}

func (l *loader) checkBounds(e entry) {
	bound := func(tag string) (n int64, text string) {
		text = e.field.Tag.Get(tag)
		v := reflect.New(e.field.Type).Elem()
		setTag(e.field, v, text) // every number has both tags
		return v.Int(), text
	}
	shown := func() string {
		switch typeName(e.field) {
		case "duration":
			return time.Duration(e.value.Int()).String()
		case "size":
			return formatSize(e.value.Int())
		default:
			return strconv.FormatInt(e.value.Int(), 10)
		}
	}
	if n, text := bound("min"); e.value.Int() < n {
		l.report(codeBadValue, e.pointer(), shown()+" is too little", "write "+text+" or more")
	}
	if n, text := bound("max"); e.value.Int() > n {
		l.report(codeBadValue, e.pointer(), shown()+" is too much", "write "+text+" or less")
	}
}

// checkList refuses empty lists, empty elements and duplicate elements.
func (l *loader) checkList(e entry) {
	if e.value.Len() == 0 {
		// If a required list is absent, checkIssuer reports it as missing.
		if l.given(e.pointer()) {
			l.report(codeBadValue, e.pointer(), "the list is empty, so no token would be accepted", "name at least one value")
		}
		return
	}
	seen := map[string]bool{}
	for i := range e.value.Len() {
		element := e.value.Index(i)
		text, at := element.String(), element.Addr().Interface()
		switch {
		case text == "":
			l.report(codeBadValue, at, "an element is empty", "write a value or remove the element")
		case seen[text]:
			l.report(codeDuplicate, at, fmt.Sprintf("%q is in the list twice", text), "remove one")
		}
		seen[text] = true
	}
}

func badListen(text string) string {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return fmt.Sprintf("%q is not an address with a port", text)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Sprintf("%q is not a port number", port)
	}
	if strings.ContainsAny(host, " /\t") {
		return fmt.Sprintf("%q is not a host", host)
	}
	return ""
}

// listenFix returns what to write instead of a bad address. An IPv6 address before a port needs brackets
// (RFC 3986 section 3.2.2).
func listenFix(text string) string {
	if i := strings.LastIndexByte(text, ':'); i > 0 {
		if host, err := netip.ParseAddr(text[:i]); err == nil && host.Is6() {
			if fixed := net.JoinHostPort(text[:i], text[i+1:]); badListen(fixed) == "" {
				return fmt.Sprintf("write %q", fixed)
			}
		}
	}
	return `write address:port, such as "127.0.0.1:8080" or ":8080"`
}

// plainPath matches paths without patterns of HTTP routers (":name", "*", "?") and without what proxies
// rewrite ("//", "..").
var plainPath = regexp.MustCompile(`^(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+/?$|^/$`)

// logoutPath is the path of OpenID Connect back-channel logout, so no other endpoint may have it.
const logoutPath = "/backchannel-logout"

func (l *loader) checkServer() {
	s, a := &l.config.Server, &l.config.Admin
	l.checkPath(&s.Path)
	l.checkEndpoints()
	if _, port, err := net.SplitHostPort(s.Listen); err == nil && s.Listen == a.Listen && port != "0" {
		key := &a.Listen
		if !l.given(key) {
			key = &s.Listen
		}
		l.report(codeContradiction, key, "both listeners are on "+s.Listen, "give server.listen and admin.listen different ports")
	}
	s.DrainDelay = min(s.DrainDelay, s.ShutdownGrace/2) // the other half is for the requests in progress
	if (s.TLSCert == "") != (s.TLSKey == "") {
		given, missing := &s.TLSCert, "tls_key"
		if s.TLSCert == "" {
			given, missing = &s.TLSKey, "tls_cert"
		}
		l.report(codeContradiction, given, missing+" is missing: TLS needs both", "set server."+missing+" as well")
	}
	if s.ClientCA != "" && s.TLSCert == "" {
		l.report(codeContradiction, &s.ClientCA, "callers cannot show a certificate without TLS", "set server.tls_cert and server.tls_key as well")
	}
}

func (l *loader) checkPath(path *string) {
	switch {
	case !plainPath.MatchString(*path):
		l.report(codeBadValue, path, fmt.Sprintf("%q is not a plain path", *path),
			"write a path that starts with / and holds only letters, digits, '.', '_', '~', '-' and single slashes, such as /authz")
	case strings.TrimSuffix(*path, "/") == logoutPath:
		l.report(codeContradiction, path, logoutPath+" is the path for the issuer's logout tokens", "write another path, such as /authz")
	}
}

// checkEndpoints refuses two endpoints with one path: the dialect of a body would not be known.
func (l *loader) checkEndpoints() {
	taken := map[string]string{l.config.Server.Path: "server.path"}
	for n := range l.config.Endpoints {
		e := &l.config.Endpoints[n]
		if e.Path == "" {
			l.report(codeMissing, &e.Path, "the endpoint has no path", "write the path of the server's webhook URL, such as path = \"/rustfs\"")
			continue
		}
		l.checkPath(&e.Path)
		if by := taken[e.Path]; by != "" {
			l.report(codeContradiction, &e.Path, fmt.Sprintf("%q is already taken by %s", e.Path, by), "give each dialect a path of its own")
		}
		taken[e.Path] = fmt.Sprintf("endpoint %d", n+1)
	}
}

func (l *loader) checkEvidence() {
	e := &l.config.Evidence
	if e.MaxToken > l.config.Server.MaxBody {
		key := &e.MaxToken
		if !l.given(key) {
			key = &l.config.Server.MaxBody
		}
		l.report(codeContradiction, key, "evidence.max_token is larger than server.max_body", "lower evidence.max_token or raise server.max_body")
	}
}

func (l *loader) checkStore() {
	r := &l.config.Revocation
	if r.Store == "memory" {
		if r.PasswordFile != "" {
			l.report(codeContradiction, &r.PasswordFile, "the store in memory has no password", "remove password_file, or name a redis:// store")
		}
		if r.CAFile != "" {
			l.report(codeContradiction, &r.CAFile, "the store in memory has no certificate", "remove ca_file, or name a rediss:// store")
		}
		return
	}
	const fix = `write "memory", or a URL such as "redis://host:6379/0"`
	u, err := url.Parse(r.Store)
	switch {
	case err != nil: // the value is not shown, because it may hold a password
		l.report(codeBadValue, &r.Store, "the value is not a URL", fix)
		return
	case u.Scheme != "redis" && u.Scheme != "rediss", u.Hostname() == "", u.RawQuery != "", u.Fragment != "":
		l.report(codeBadValue, &r.Store, quoteAddress(r.Store)+" is not a store", fix)
		return
	}
	if u.Scheme == "redis" && r.CAFile != "" {
		l.report(codeContradiction, &r.CAFile, "a redis:// store uses no certificate", "write rediss:// in store, or remove ca_file")
	}
	if db := strings.TrimPrefix(u.Path, "/"); db != "" {
		if _, err := strconv.ParseUint(db, 10, 31); err != nil {
			l.report(codeBadValue, &r.Store, fmt.Sprintf("%q is not a database number", db), fix)
			return
		}
	}
	password, ok := u.User.Password()
	if !ok {
		return
	}
	// The URL is logged and shown, so the password is removed from it.
	if r.PasswordFile != "" {
		l.report(codeContradiction, &r.PasswordFile, "store holds a password, too", "keep the password in the file and remove the other")
	}
	r.Password = Secret(password)
	if name := u.User.Username(); name != "" {
		u.User = url.User(name)
	} else {
		u.User = nil
	}
	r.Store = u.String()
}

func (l *loader) checkAudit() {
	a := &l.config.Audit
	if a.Chain && a.Output == "off" {
		l.report(codeContradiction, &a.Chain, "there is no decision log to chain, because audit.output is off", "name an audit.output, or remove audit.chain")
	}
}

// loopback reports whether a host is localhost or a loopback address.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
