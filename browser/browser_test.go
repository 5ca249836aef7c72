package browser

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// claimgate is the path of the built program.
var claimgate string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "claimgate-browser-")
	if err != nil {
		panic(err)
	}
	claimgate = filepath.Join(dir, "claimgate")
	build := exec.Command("go", "build", "-C", "..", "-o", claimgate, "./app")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// session is a browser that has opened a console.
type session struct {
	*testing.T
	ctx     context.Context
	address *url.URL
	dir     string

	mu       sync.Mutex
	problems []string // errors in the browser's log, violations of the policy, requests to other hosts
}

// open starts a console over the files of testdata, and a browser.
func open(t *testing.T) *session {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("install Debian's chromium: these tests need a browser")
	}
	s := &session{T: t, dir: t.TempDir()}
	files, err := filepath.Glob("testdata/*")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.dir, filepath.Base(file)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.serve()

	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.WindowSize(1440, 1000))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 5*time.Minute) // ends a test that hangs
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	s.ctx = ctx
	chromedp.ListenTarget(ctx, s.onEvent)
	t.Cleanup(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, p := range s.problems {
			t.Error(p)
		}
	})
	s.run(network.Enable(), log.Enable(), chromedp.Navigate(s.address.String()), chromedp.WaitVisible("main"))
	return s
}

// serve starts claimgate console and reads the address that it prints.
func (s *session) serve() {
	s.Helper()
	cmd := exec.Command(claimgate, "console", "--mapping", "mapping.toml", "--audit", "decisions.jsonl", "--tests", "mapping.test.toml", "--at", "2027-01-01", "--listen", "127.0.0.1:0")
	cmd.Dir, cmd.Stderr = s.dir, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.Fatal(err)
	}
	if s.address, err = url.Parse(strings.TrimSpace(strings.TrimPrefix(line, "console: "))); err != nil {
		s.Fatal(err)
	}
}

// onEvent records what must not happen: an error in the browser's log (such as a violation of the content security
// policy), an exception, or a request to another host.
func (s *session) onEvent(event any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		s.problems = append(s.problems, "an exception: "+e.ExceptionDetails.Error())
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError {
			s.problems = append(s.problems, "the browser's console: "+e.Entry.Text)
		}
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err == nil && u.Scheme != "data" && u.Host != s.address.Host {
			s.problems = append(s.problems, "a request to "+e.Request.URL)
		}
	}
}

func (s *session) run(actions ...chromedp.Action) {
	s.Helper()
	if err := chromedp.Run(s.ctx, actions...); err != nil {
		s.Fatal(err)
	}
}

// visit opens the view at the path. The cookie holds the key.
func (s *session) visit(path string) {
	s.Helper()
	s.run(chromedp.Navigate("http://"+s.address.Host+path), chromedp.WaitVisible("main"))
}

// waitFor waits until the element of the selector holds the text.
func (s *session) waitFor(selector, text string) {
	s.Helper()
	quoted := fmt.Sprintf("(document.querySelector(%q)?.innerText || '').includes(%q)", selector, text)
	var found bool
	if err := chromedp.Run(s.ctx, chromedp.Poll(quoted, &found, chromedp.WithPollingTimeout(2*time.Minute))); err != nil {
		var has string
		_ = chromedp.Run(s.ctx, chromedp.Text(selector, &has))
		s.Fatalf("%s does not say %q: %v\n%s", selector, text, err, has)
	}
}

// tabTo presses Tab until an element has the focus that matches the selector what, or whose text begins with what.
func (s *session) tabTo(what string) {
	s.Helper()
	for range 60 {
		s.run(chromedp.KeyEvent("\t"))
		var there bool
		s.run(chromedp.Evaluate(fmt.Sprintf("(() => { const e = document.activeElement; try { if (e.matches(%q)) return true; } catch {} return e.innerText?.trim().startsWith(%q) || false; })()", what, what), &there))
		if there {
			s.checkFocusVisible()
			return
		}
	}
	s.Fatalf("no Tab leads to %q", what)
}

// checkFocusVisible fails unless the focused element has a visible outline.
func (s *session) checkFocusVisible() {
	s.Helper()
	var seen bool
	s.run(chromedp.Evaluate(`(() => { for (let e = document.activeElement; e && e !== document.body; e = e.parentElement) { const c = getComputedStyle(e); if (c.outlineStyle !== "none" && parseFloat(c.outlineWidth) >= 2) return true; } return false; })()`, &seen))
	if !seen {
		s.Error("the focus is not seen")
	}
}

// With the keyboard alone, an auditor finds who can delete in backups, and why.
func TestAnAuditorAsksWhoDeletesBackups(t *testing.T) {
	s := open(t)
	s.tabTo("Access")
	s.run(chromedp.KeyEvent("\r"), chromedp.WaitVisible("#q"))
	s.run(chromedp.KeyEvent("DeleteObject backups")) // the field has the focus
	s.waitFor("#results", "group:break-glass")
	s.waitFor("#results", "Read as: action s3:DeleteObject, bucket backups")
	s.tabTo("summary")
	s.run(chromedp.KeyEvent("\r"))
	s.waitFor("details[open]", `name     = "platform-oncall"`)
	var address string
	s.run(chromedp.Location(&address))
	if !strings.Contains(address, "q=DeleteObject+backups") || strings.Contains(address, "key=") {
		t.Errorf("the address is no link for a colleague: %s", address)
	}
}

// With the keyboard alone, an operator finds a denied request and its explanation.
func TestAnOperatorExplainsADeniedLine(t *testing.T) {
	s := open(t)
	s.visit("/decisions?answer=deny&reason=policy_implicit_deny")
	s.waitFor("#results", "policy_implicit_deny")
	s.tabTo("Explain")
	s.tabTo("a.act")
	s.run(chromedp.KeyEvent("\r"), chromedp.WaitVisible(".answer.deny"))
	s.waitFor(".answer", "Deny")
	s.waitFor(".steps", "policies")
	s.waitFor("#results", "It would be allowed if")
}

// With the keyboard alone, an operator asks about a request with a pasted token.
func TestAnOperatorPastesAToken(t *testing.T) {
	s := open(t)
	s.visit("/explain")
	const claims = `{"sub":"ada","groups":["team-blue"]}`
	for _, field := range [][2]string{
		{"textarea[name=pasted]", "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"},
		{"fieldset input[name=action]", "s3:GetObject"},
		{"fieldset input[name=bucket]", "team-blue"},
		{"fieldset input[name=object]", "q1.csv"},
	} {
		s.tabTo(field[0])
		s.run(chromedp.KeyEvent(field[1]))
	}
	s.run(chromedp.KeyEvent("\r"), chromedp.WaitVisible(".answer.allow"))
	s.waitFor(".answer", "policy_allow")
}

// With the keyboard alone, an engineer sees that an edited mapping gives contractors write access.
func TestAnEngineerSeesWhatAChangeGives(t *testing.T) {
	s := open(t)
	s.visit("/change")
	s.waitFor("#results", "Nothing is changed")
	s.tabTo("textarea")
	s.run(chromedp.Evaluate(`(() => { const e = document.activeElement; e.setSelectionRange(e.value.length, e.value.length); })()`, nil))
	s.run(chromedp.KeyEvent("\n[[group]]\nname = \"contractors\"\nissuer = \"partner\"\npolicies = [\"backup\"]\n"))
	s.waitFor("#results", "group:contractors")
	s.waitFor("#results", "s3:PutObject")
	s.waitFor("#results", "Breaks 1 invariant")
	text, err := os.ReadFile(filepath.Join(s.dir, "mapping.toml"))
	if err != nil || strings.Contains(string(text), "partner") {
		t.Errorf("the change is saved: %v", err)
	}
}

// Decisions shows a line that is written while the page is open.
func TestDecisionsGrow(t *testing.T) {
	s := open(t)
	s.visit("/decisions")
	s.waitFor("#results", "policy_allow")
	f, err := os.OpenFile(filepath.Join(s.dir, "decisions.jsonl"), os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"time":"2026-11-27T19:00:00Z","id":"fresh","allow":false,"reason":"token_expired","action":"s3:GetObject","bucket":"late","object":"x","account":"K","sub":"latecomer","issuer":"authentik"}` + "\n"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	s.waitFor("#results", "latecomer")
}

var views = map[string]string{
	"overview": "/", "access": "/access?q=DeleteObject+backups", "explain": "/explain?sub=ada&group=team-blue&action=s3:GetObject&bucket=team-blue&object=q1.csv",
	"change": "/change", "decisions": "/decisions",
}

// withoutName lists the fields, buttons and links without a name for a screen reader.
const withoutName = `[...document.querySelectorAll("input,textarea,select,button,a,meter,summary")].filter((e) => !(e.labels?.length || e.getAttribute("aria-label") || e.innerText?.trim() || e.textContent.trim())).map((e) => e.outerHTML.slice(0, 120)).join("\n")`

// lowContrast lists the texts whose contrast with their background is below 4.5, or below 3 for large text (WCAG 2.2,
// 1.4.3).
const lowContrast = `(() => {
  const lum = (c) => { const f = c.slice(0, 3).map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2]; };
  const read = (s) => { const m = s.match(/[\d.]+/g).map(Number); return m.length > 3 && m[3] === 0 ? null : m; };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = read(getComputedStyle(e).backgroundColor); if (c) return c; } return [255, 255, 255]; };
  const bad = [];
  for (const e of document.querySelectorAll("body *")) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || !e.checkVisibility() || e.closest("svg")) continue;
    const style = getComputedStyle(e), a = lum(read(style.color)), b = lum(behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || size >= 18.66 && Number(style.fontWeight) >= 700;
    if (ratio < (large ? 3 : 4.5)) bad.push(ratio.toFixed(2) + " " + e.tagName + " " + e.className + ": " + e.textContent.trim().slice(0, 40));
  }
  return [...new Set(bad)].join("\n");
})()`

// Each view has enough contrast in light and dark, a name for every field, and fits the widths of a phone, a tablet
// and a desktop. UPDATE=1 takes the pictures of the documentation.
func TestEachViewFitsAndIsReadable(t *testing.T) {
	s := open(t)
	for _, scheme := range []string{"light", "dark"} {
		s.run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
		for name, path := range views {
			s.visit(path)
			var low, unnamed string
			s.run(chromedp.Evaluate(lowContrast, &low), chromedp.Evaluate(withoutName, &unnamed))
			if low != "" {
				t.Errorf("%s, %s: hard to read:\n%s", name, scheme, low)
			}
			if unnamed != "" {
				t.Errorf("%s: without a name:\n%s", name, unnamed)
			}
			for _, width := range []int64{390, 768, 1440} {
				s.run(emulation.SetDeviceMetricsOverride(width, 900, 1, false))
				var over int64
				s.run(chromedp.Evaluate("document.documentElement.scrollWidth - innerWidth", &over))
				if over > 0 {
					t.Errorf("%s at %d px is %d px too wide", name, width, over)
				}
			}
			if os.Getenv("UPDATE") != "" {
				picture(s, name+"-"+scheme)
			}
		}
	}
}

func picture(s *session, name string) {
	s.Helper()
	var png []byte
	s.run(emulation.SetDeviceMetricsOverride(1280, 900, 1, false), chromedp.CaptureScreenshot(&png))
	if err := os.WriteFile("../docs/images/console-"+name+".png", png, 0o600); err != nil {
		s.Fatal(err)
	}
}
