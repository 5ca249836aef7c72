package console_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/console"
	"github.com/claimgate/claimgate/internal/testsupport/anymapping"
	"github.com/claimgate/claimgate/mapping/access"
	"github.com/claimgate/claimgate/mapping/diff"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

var now = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)

const company = `version = 1
[[group]]
name = "readers"
policies = ["readonly"]
expires = 2027-02-01
[[group]]
name = "ops <b>"
policies = ["ops"]
[[policy]]
name = "ops"
document = '''{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::backups/*"}]}'''
`

const log = `{"time":"2026-11-21T12:00:00Z","id":"one","allow":true,"reason":"policy_allow","action":"s3:GetObject","bucket":"reports","object":"<script>alert(1)</script>","account":"KEY","source":"10.0.0.1","issuer":"authentik","sub":"ada","groups":["readers"],"rule":"readers","rule_kind":"group","rule_file":"m.toml","rule_line":2,"policy":"readonly","statement":0}
no line
{"time":"2026-11-21T12:01:00Z","id":"two","allow":false,"reason":"policy_implicit_deny","action":"s3:PutObject","bucket":"reports","object":"o","account":"KEY","source":"10.0.0.1","issuer":"authentik","sub":"bob","groups":["readers"],"shadow":{"allow":true,"reason":"policy_allow","rule":"writers <b>"}}
`

// page is a running console with its key.
type page struct {
	t      testing.TB
	server *httptest.Server
	key    string
	dir    string
}

func open(t testing.TB, mapping string) *page {
	t.Helper()
	p := &page{t: t, dir: t.TempDir()}
	p.write("mapping.toml", mapping)
	p.write("log.jsonl", log)
	p.server = httptest.NewUnstartedServer(nil)
	c, err := console.New(console.Options{Mapping: p.path("mapping.toml"), Audit: p.path("log.jsonl"), Now: func() time.Time { return now }}, p.server.Listener.Addr())
	if err != nil {
		t.Fatal(err)
	}
	p.server.Config.Handler = c
	p.server.Start()
	t.Cleanup(p.server.Close)
	address, err := url.Parse(c.Address())
	if err != nil {
		t.Fatal(err)
	}
	p.key = address.Query().Get("key")
	return p
}

func (p *page) path(name string) string { return filepath.Join(p.dir, name) }

func (p *page) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(p.path(name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// ask sends a request with the cookie. change may change the request.
func (p *page) ask(method, path, body string, change func(*http.Request)) (int, string, http.Header) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.server.URL+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.AddCookie(&http.Cookie{Name: "claimgate_console", Value: p.key})
	if change != nil {
		change(req)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header
}

func (p *page) get(path string) string {
	p.t.Helper()
	code, text, _ := p.ask(http.MethodGet, path, "", nil)
	if code != http.StatusOK {
		p.t.Fatalf("%s: %d %s", path, code, text)
	}
	return text
}

// A request without the key, with another Host, with a form from another site, or to write, is refused.
func TestOnlyWhoHasTheKeyGetsIn(t *testing.T) {
	p := open(t, company)
	none := func(r *http.Request) { r.Header.Del("Cookie") }
	for name, c := range map[string]struct {
		method, path string
		change       func(*http.Request)
		want         int
	}{
		"the key in the address": {"GET", "/?key=" + p.key, none, 200},
		"no key":                 {"GET", "/", none, 403},
		"an empty key":           {"GET", "/?key=", none, 403},
		"a wrong key":            {"GET", "/?key=x", none, 403},
		"a wrong cookie":         {"GET", "/", func(r *http.Request) { r.Header.Set("Cookie", "claimgate_console=x") }, 403},
		"an api without a key":   {"GET", "/api/access?q=ops", none, 403},
		"a script without a key": {"GET", "/console.js", none, 403},
		"another name":           {"GET", "/", func(r *http.Request) { r.Host = "evil.example" }, 421},
		"its name, another port": {"GET", "/", func(r *http.Request) { r.Host = "127.0.0.1:1" }, 421},
		"localhost":              {"GET", "/", func(r *http.Request) { _, port, _ := net.SplitHostPort(r.Host); r.Host = "localhost:" + port }, 200},
		"a form from elsewhere":  {"POST", "/change", func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, 403},
		"a form of no origin":    {"POST", "/change", func(r *http.Request) { r.Header.Set("Origin", "null") }, 403},
		"a cross-site form":      {"POST", "/change", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		"its own form":           {"POST", "/change", func(r *http.Request) { r.Header.Set("Origin", "http://"+r.Host) }, 200},
		"PUT":                    {"PUT", "/change", nil, 405},
		"DELETE":                 {"DELETE", "/", nil, 405},
		"no such page":           {"GET", "/etc/passwd", nil, 404},
	} {
		t.Run(name, func(t *testing.T) {
			code, text, h := p.ask(c.method, c.path, "text=version+%3D+1", c.change)
			if code != c.want {
				t.Errorf("%d, want %d: %.200s", code, c.want, text)
			}
			if csp := h.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
				t.Errorf("Content-Security-Policy: %s", csp)
			}
			if code != http.StatusOK && strings.Contains(text, "ops") {
				t.Errorf("a refusal tells of the mapping: %s", text)
			}
		})
	}
	_, _, h := p.ask("GET", "/?key="+p.key, "", none)
	if c := h.Get("Set-Cookie"); !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Strict") {
		t.Errorf("Set-Cookie: %s", c)
	}
}

// addr is the address of a listener.
type addr string

func (addr) Network() string  { return "tcp" }
func (a addr) String() string { return string(a) }

// A console on every address of the machine takes the names of its certificate and any IP address as Host, and
// no other name.
func TestTheNamesOfAConsoleThatOthersReach(t *testing.T) {
	c, err := console.New(console.Options{Mapping: "none.toml", Now: time.Now, TLS: true, Names: []string{"console.example.com"}}, addr("[::]:8090"))
	if err != nil {
		t.Fatal(err)
	}
	if a := c.Address(); !strings.HasPrefix(a, "https://console.example.com:8090/?key=") {
		t.Error(a)
	}
	for host, want := range map[string]int{
		"console.example.com:8090": 403, "192.0.2.7:8090": 403, "[2001:db8::1]:8090": 403, "evil.example:8090": 421, "192.0.2.7:80": 421, "192.0.2.7": 421, "console.example.com": 421, "": 421,
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		if c.ServeHTTP(w, r); w.Code != want {
			t.Errorf("%q: %d, want %d", host, w.Code, want)
		}
	}
}

// A name with markup is shown as text, and no page has an inline script or style.
func TestMarkupIsText(t *testing.T) {
	p := open(t, company)
	for _, path := range []string{"/", "/access?q=DeleteObject", "/access?q=%3Cscript%3E", "/explain?id=one", "/change", "/decisions", "/decisions?who=%22%3E%3Cscript%3E"} {
		text := p.get(path)
		if strings.Contains(text, "<script>") || strings.Contains(text, "ops <b>") || strings.Contains(text, "style=") || strings.Contains(text, "onclick") {
			t.Errorf("%s holds markup that is not its own", path)
		}
	}
}

func TestTheViewsSayWhatThereIs(t *testing.T) {
	p := open(t, company)
	p.write("mapping.invariants.toml", "[[never]]\nname = \"nobody deletes backups\"\nactions = [\"s3:DeleteObject\"]\nresources = [\"arn:aws:s3:::backups/*\"]\n")
	for path, wants := range map[string][]string{
		"/":                              {"nobody deletes backups", "violated", "2027-02-01, in 32 days", `href="/access?q=group%3Areaders"`, "M104"},
		"/api/":                          {`"verdict": "violated"`, `"rules": 2`},
		"/report":                        {"Review of"},
		"/access?q=DeleteObject+backups": {"group:ops &lt;b&gt;", "Explain one", "action s3:DeleteObject, bucket backups"},
		"/access?q=DeleteObject%09%0Abackups%C2%A0":                    {"Read as: action s3:DeleteObject, bucket backups."},
		"/access?q=group:%22ops+%3Cb%3E%22%09PutObject":                {"Read as: group ops &lt;b&gt;, action s3:PutObject"},
		"/access?q=readers":                                            {"s3:GetObject", "Read as: group readers"},
		"/access?q=s3:ListObjectsV2":                                   {"write &#34;s3:ListBucket&#34;"},
		"/access?q=group:readers+PutObject":                            {"Nobody may"},
		"/access?q=a/*+b/*":                                            {"ask about one"},
		"/explain?group=readers&action=s3:GetObject&bucket=b&object=o": {"<b>Allow</b>", "policy_allow", "mapping.toml:2", "It would be denied if"},
		"/explain?account=k&action=s3:GetObject&bucket=b&object=o":     {"<b>Deny</b>", "no_token"},
		"/explain?id=two":                                              {"<b>Deny</b>", "policy_implicit_deny"},
		"/explain?id=three":                                            {"the log has no decision &#34;three&#34;"},
		"/decisions":                                                   {"2 of 3 decisions", "policy_implicit_deny", "1 allowed and 1 denied"},
		"/decisions?answer=deny&who=bob":                               {"1 of 3 decisions"},
		"/decisions?rule=readers&part=1":                               {"1 of 3 decisions"},
		"/api/decisions?reason=policy_allow":                           {`"matched": 1`},
		"/decisions?next=flips":                                        {"1 of 3 decisions", "next: allow", "deny 0 allowed requests and allow 1 denied ones", "rule writers &lt;b&gt;"},
		"/api/decisions?next=flips":                                    {`"gains": 1`, `"losses": 0`, `"reason": "policy_allow"`},
	} {
		text := p.get(path)
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q:\n%s", path, want, text)
			}
		}
	}
	if text := p.get("/decisions?part=1"); strings.Contains(text, "<html") {
		t.Error("a part is a whole page")
	}
}

// Decisions says whether it has read the whole log: up to 16 MiB.
func TestDecisionsOfALargeLog(t *testing.T) {
	p := open(t, company)
	const size = 16 << 20
	line := strings.Replace(strings.SplitN(log, "\n", 2)[0], "reports", strings.Repeat("r", 1<<20), 1) + "\n"
	lines := strings.Repeat(line, size/len(line))
	whole := lines + strings.Repeat("\n", size-len(lines))
	for name, c := range map[string]struct{ text, json, page string }{
		"as large as the part that is read": {whole, `"whole": true`, " decisions."},
		"larger":                            {lines + whole, `"whole": false`, " decisions at the end of the log."},
	} {
		p.write("log.jsonl", c.text)
		if text := p.get("/api/decisions?answer=deny"); !strings.Contains(text, c.json) {
			t.Errorf("%s: not %s", name, c.json)
		}
		if text := p.get("/decisions?part=1&answer=deny"); !strings.Contains(text, c.page) {
			t.Errorf("%s: the page does not say %q", name, c.page)
		}
	}
}

// A log that a shell wrote with a byte order mark loses no line, and a log in UTF-16 is an error that says so.
func TestDecisionsOfALogWithAByteOrderMark(t *testing.T) {
	p := open(t, company)
	plain := p.get("/api/decisions?answer=deny")
	p.write("log.jsonl", "\ufeff"+log)
	if marked := p.get("/api/decisions?answer=deny"); marked != plain {
		t.Errorf("with a byte order mark:\n%s\nwithout:\n%s", marked, plain)
	}
	p.write("log.jsonl", "\xff\xfe{\x00}\x00")
	if _, answer, _ := p.ask("GET", "/decisions?part=1", "", nil); !strings.Contains(answer, "UTF-16") {
		t.Errorf("UTF-16 is answered\n%s", answer)
	}
}

// Change shows what an edited mapping would change, and saves nothing.
func TestAChangeIsToldAndNotSaved(t *testing.T) {
	p := open(t, company)
	p.write("mapping.invariants.toml", "[[never]]\nname = \"nobody writes reports\"\nactions = [\"s3:PutObject\"]\nresources = [\"arn:aws:s3:::reports/*\"]\n")
	post := func(text string) string {
		code, answer, _ := p.ask("POST", "/change", url.Values{"text": {text}}.Encode(), nil)
		if code != http.StatusOK {
			t.Fatalf("%d %s", code, answer)
		}
		return answer
	}
	if text := p.get("/change"); !strings.Contains(text, "Nothing is changed") || !strings.Contains(text, "1 invariants proved") {
		t.Errorf("%s", text)
	}
	for text, wants := range map[string][]string{
		strings.Replace(company, `"readonly"`, `"readonly", "writeonly"`, 1): {"group:readers", "s3:PutObject", "Breaks 1 invariant", "1 would be allowed", "### Mapping: somebody gains rights"},
		strings.Replace(company, `"readonly"`, `"readnothing"`, 1):           {"The mapping has errors", "M010"},
		"version = ": {"The mapping has errors", "M002"},
		"":           {"The mapping has errors"},
	} {
		answer := post(text)
		for _, want := range wants {
			if !strings.Contains(answer, want) {
				t.Errorf("%q: %q is not said:\n%s", text, want, answer)
			}
		}
	}
	if text, err := os.ReadFile(p.path("mapping.toml")); err != nil || string(text) != company {
		t.Errorf("the file has changed: %v", err)
	}
	for against, want := range map[string]string{"/etc/passwd": "name a file beside the mapping", "../x": "name a file beside the mapping", "git:": "write git:REV", "git:--help": "write git:REV", "git:main": "git has no"} {
		if text := p.get("/change?against=" + url.QueryEscape(against)); !strings.Contains(text, want) {
			t.Errorf("%s: %q is not said", against, want)
		}
	}
}

// The console reports a mapping that gets errors while the console runs, and goes on working.
func TestABrokenMappingBreaksNothing(t *testing.T) {
	p := open(t, company)
	p.get("/")
	p.write("mapping.toml", "version = 1\n[[group]]\nname = \"g\"\npolicies = [\"nothing\"]\n")
	for path, want := range map[string]string{"/": "M010", "/access?q=g": "the mapping has errors", "/explain": "the mapping has errors", "/change": "The mapping has errors", "/decisions": "2 of 3"} {
		if text := p.get(path); !strings.Contains(text, want) {
			t.Errorf("%s does not say %q", path, want)
		}
	}
	if code, _, _ := p.ask("GET", "/report", "", nil); code != http.StatusUnprocessableEntity {
		t.Errorf("/report: %d", code)
	}
	p.write("mapping.toml", company)
	if text := p.get("/access?q=readers"); !strings.Contains(text, "s3:GetObject") {
		t.Error("the mended mapping is not read")
	}
}

// pasteForm returns what a browser sends from the form for something recorded: the fields that the page has, with the
// given texts. It fails if the page lacks a field.
func (p *page) pasteForm(texts map[string]string) string {
	p.t.Helper()
	_, form, _ := strings.Cut(p.get("/explain"), `<form class="card" action="/explain" method="post">`)
	form, _, _ = strings.Cut(form, "</form>")
	fields := url.Values{}
	for _, field := range regexp.MustCompile(`<label[^>]*>[^<]+<(?:input|textarea) name="([a-z]+)"`).FindAllStringSubmatch(form, -1) {
		fields.Set(field[1], texts[field[1]])
	}
	for name := range texts {
		if !fields.Has(name) {
			p.t.Errorf("the form has no field %s with a label", name)
		}
	}
	return fields.Encode()
}

// A pasted token is explained without a check of its signature, and no page shows the token.
func TestAPastedTokenIsNotKept(t *testing.T) {
	p := open(t, company)
	const token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEiLCJncm91cHMiOlsicmVhZGVycyJdfQ.c2VjcmV0"
	for _, c := range []struct {
		texts map[string]string
		want  string
	}{
		{map[string]string{"action": "s3:GetObject", "bucket": "reports", "object": "q1.csv"}, "<b>Allow</b>"},
		{map[string]string{"action": "s3:PutObject", "bucket": "reports", "object": "q1.csv"}, "policy_implicit_deny"},
		{map[string]string{"action": "s3:PutObjct", "bucket": "reports"}, "no action of MinIO is called"},
		{map[string]string{"action": "s3:GetObject", "bucket": "reports", "object": "o", "condition": "SourceIp"}, "write a condition as NAME=VALUE"},
		{map[string]string{"action": "s3:GetObject", "bucket": "reports", "object": "o", "issuer": "partner"}, "policy_allow"},
		{map[string]string{}, "a token names no request"},
	} {
		c.texts["pasted"] = token
		code, text, _ := p.ask("POST", "/explain", p.pasteForm(c.texts), nil)
		if code != http.StatusOK || !strings.Contains(text, c.want) || strings.Contains(text, token) || strings.Contains(text, "c2VjcmV0") {
			t.Errorf("%v: %d, want %q\n%s", c.texts, code, c.want, text)
		}
		if object := c.texts["object"]; object != "" && strings.Count(text, `value="`+object+`"`) != 1 {
			t.Errorf("%v: the fields are not kept in their own form alone", c.texts)
		}
	}
	for pasted, want := range map[string]string{"a.b.c": "not base64url", "{}": "not a recorded request", "x": "not a recorded request"} {
		if _, text, _ := p.ask("POST", "/explain", p.pasteForm(map[string]string{"pasted": pasted, "bucket": "b"}), nil); !strings.Contains(text, want) {
			t.Errorf("%s: %q is not said", pasted, want)
		}
	}
	_, line, _ := strings.Cut(log, "no line\n")
	if _, text, _ := p.ask("POST", "/explain", p.pasteForm(map[string]string{"pasted": line, "action": "s3:GetObject", "bucket": "b"}), nil); !strings.Contains(text, "policy_implicit_deny") {
		t.Errorf("the fields for a token count for a line of the log\n%s", text)
	}
}

// Change and `claimgate diff` give the same result.
func TestChangeSaysWhatDiffSays(t *testing.T) {
	dir := t.TempDir()
	p := open(t, company)
	pairs, most := 0, 10
	if n, err := strconv.Atoi(os.Getenv("CONSOLE_PAIRS")); err == nil {
		most = n
	}
	rapid.Check(t, func(rt *rapid.T) {
		if pairs++; pairs > most { // a pair takes long; .ci/run diff compares thousands
			return
		}
		before, after := anymapping.Draw(rt, dir, true), anymapping.Draw(rt, dir, true)
		p.write("mapping.toml", before.Text+fmt.Sprintf("# %d\n", rapid.IntRange(0, 1<<30).Draw(rt, "stamp")))
		code, text, _ := p.ask("POST", "/api/change", url.Values{"text": {after.Text}}.Encode(), nil)
		var got struct {
			Diff *diff.Result `json:"diff"`
		}
		if err := json.Unmarshal([]byte(text), &got); err != nil || code != http.StatusOK {
			rt.Fatalf("%d %v %s", code, err, text)
		}
		want, err := json.Marshal(diff.Compare(before.Mapping, after.Mapping, now))
		if err != nil {
			rt.Fatal(err)
		}
		var expected *diff.Result // with the path of the console's file
		if err := json.Unmarshal([]byte(strings.ReplaceAll(string(want), filepath.Join(dir, "mapping.toml"), p.path("mapping.toml"))), &expected); err != nil {
			rt.Fatal(err)
		}
		if d := cmp.Diff(expected, got.Diff, cmpopts.IgnoreUnexported(diff.Change{})); d != "" {
			rt.Fatal(d)
		}
	})
}

// Access and `claimgate who-can` give the same entries.
func TestAccessSaysWhatTheCommandsSay(t *testing.T) {
	dir := t.TempDir()
	p := open(t, company)
	rapid.Check(t, func(rt *rapid.T) {
		m := p.loadOwn(rt, dir)
		action := anymapping.Pick(rt, "action", []string{"s3:GetObject", "s3:Put*", "admin:ServerInfo", "s3:ListBucket"})
		resource := anymapping.Pick(rt, "resource", []string{"bob/*", "*/x", "cat/secret/*"})
		var got struct {
			Entries []access.Entry `json:"entries"`
		}
		if err := json.Unmarshal([]byte(p.get("/api/access?"+url.Values{"q": {action + " " + resource}}.Encode())), &got); err != nil {
			rt.Fatal(err)
		}
		text, err := json.Marshal(access.WhoCan(m, access.Matching(action), resource, now))
		if err != nil {
			rt.Fatal(err)
		}
		var want []access.Entry
		if err := json.Unmarshal(text, &want); err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Entries); diff != "" {
			rt.Fatal(diff)
		}
	})
}
