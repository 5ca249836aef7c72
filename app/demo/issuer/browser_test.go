package issuer_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/demo/issuer"
)

const (
	redirect = "http://127.0.0.1:18250/callback"
	proof    = "a-verifier-of-at-least-forty-three-characters-0"
)

// person is a browser that follows no redirect.
type person struct {
	*testing.T
	*http.Client
	s *issuer.Server
}

// answer holds the status and the header of a response.
type answer struct {
	StatusCode int
	Header     http.Header
}

func newPerson(t *testing.T, s *issuer.Server) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &person{t, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, s}
}

func question(change ...string) url.Values {
	sum := sha256.Sum256([]byte(proof))
	q := url.Values{
		"client_id": {"minio"}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"openid profile minio offline_access nonsense"},
		"state": {"st"}, "nonce": {"no"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	for i := 0; i < len(change); i += 2 {
		q.Set(change[i], change[i+1])
	}
	return q
}

func (p *person) post(address string, form url.Values) (answer, string) {
	p.Helper()
	req, err := http.NewRequestWithContext(p.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		p.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.do(req)
}

func (p *person) get(address string) (answer, string) {
	p.Helper()
	req, err := http.NewRequestWithContext(p.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		p.Fatal(err)
	}
	return p.do(req)
}

func (p *person) do(req *http.Request) (answer, string) {
	p.Helper()
	resp, err := p.Do(req)
	if err != nil {
		p.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header}, string(body)
}

// at returns an endpoint of the discovery document.
func (p *person) at(name string) string {
	p.Helper()
	_, body := p.get(p.s.URL() + ".well-known/openid-configuration")
	var document map[string]any
	if err := json.Unmarshal([]byte(body), &document); err != nil {
		p.Fatal(err)
	}
	address, _ := document[name].(string)
	return address
}

// choose logs in as a user and returns the query of the redirect back to the client.
func (p *person) choose(user string, change ...string) url.Values {
	p.Helper()
	q := question(change...)
	q.Set("user", user)
	resp, body := p.post(p.at("authorization_endpoint"), q)
	back, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || resp.StatusCode != http.StatusFound || !strings.HasPrefix(back.String(), redirect+"?") {
		p.Fatalf("answered %d, sent to %q: %s", resp.StatusCode, back, body)
	}
	return back.Query()
}

// redeem posts the form to the token endpoint and returns the answer.
func (p *person) redeem(form url.Values) map[string]any {
	p.Helper()
	if !form.Has("client_id") {
		form.Set("client_id", "minio")
	}
	_, body := p.post(p.at("token_endpoint"), form)
	var answer map[string]any
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		p.Fatal(err)
	}
	return answer
}

func codeForm(code string, change ...string) url.Values {
	f := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {proof}}
	for i := 0; i < len(change); i += 2 {
		f.Set(change[i], change[i+1])
	}
	return f
}

func TestTheCodeFlow(t *testing.T) {
	s := start(t, issuer.Options{})
	p := newPerson(t, s)
	resp, body := p.get(p.at("authorization_endpoint") + "?" + question().Encode())
	for _, want := range []string{"A demo.", ">alice<", "MinIO users", `value="st"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if policy := resp.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' http://127.0.0.1:18250") || !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("the page's policy is %q", policy)
	}
	back := p.choose("alice")
	if back.Get("state") != "st" || back.Get("iss") != s.URL() {
		t.Errorf("came back with %v", back)
	}
	answer := p.redeem(codeForm(back.Get("code")))
	id := verified(t, s.JWKS(), text(answer["id_token"]))
	for name, want := range map[string]string{"nonce": "no", "preferred_username": "alice", "policy": "readwrite", "aud": "minio"} {
		if id[name] != want {
			t.Errorf("%s is %v, want %s", name, id[name], want)
		}
	}
	if id["sid"] == nil || id["authentik_token"] == nil || answer["scope"] != "openid profile minio offline_access" {
		t.Errorf("sid %v, scope %v", id["sid"], answer["scope"])
	}
	// A refresh token is valid once, and its new tokens have the same session.
	refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {text(answer["refresh_token"])}}
	again := p.redeem(refresh)
	fresh := verified(t, s.JWKS(), text(again["id_token"]))
	if fresh["sid"] != id["sid"] || fresh["nonce"] != nil || again["refresh_token"] == answer["refresh_token"] {
		t.Errorf("renewed with sid %v and nonce %v", fresh["sid"], fresh["nonce"])
	}
	if twice := p.redeem(refresh); twice["error"] != "invalid_grant" {
		t.Errorf("a used refresh token: %v", twice["error"])
	}
}

func TestACodeCountsForWhoAskedAndOnce(t *testing.T) {
	now := noon
	var mu sync.Mutex
	s := start(t, issuer.Options{Clock: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
	p := newPerson(t, s)
	for name, change := range map[string][]string{
		"another verifier": {"code_verifier", "another-verifier-of-at-least-forty-three-characters"},
		"no verifier":      {"code_verifier", ""},
		"another port":     {"redirect_uri", "http://127.0.0.1:18251/callback"},
		"another client":   {"client_id", "other"},
		"another code":     {"code", "guessed"},
	} {
		code := p.choose("alice").Get("code")
		if got := p.redeem(codeForm(code, change...)); got["error"] != "invalid_grant" && got["error"] != "invalid_client" || got["id_token"] != nil {
			t.Errorf("%s: %v", name, got["error"])
		}
		if got := p.redeem(codeForm(code)); name != "another client" && name != "another code" && got["error"] != "invalid_grant" {
			t.Errorf("%s: the code counts after a wrong try", name)
		}
	}
	code := p.choose("alice").Get("code")
	if p.redeem(codeForm(code))["error"] != nil || p.redeem(codeForm(code))["error"] != "invalid_grant" {
		t.Error("a code does not count exactly once")
	}
	late := p.choose("alice").Get("code")
	mu.Lock()
	now = now.Add(2 * time.Minute)
	mu.Unlock()
	if p.redeem(codeForm(late))["error"] != "invalid_grant" {
		t.Error("an old code counts")
	}
}

func TestTheLoginPageSendsNobodyElsewhere(t *testing.T) {
	s := start(t, issuer.Options{RedirectURIs: []string{"https://console.example/oauth_callback"}})
	p := newPerson(t, s)
	for _, c := range []struct {
		change []string
		goes   bool
		err    string
	}{
		{[]string{"redirect_uri", "https://evil.example/callback"}, false, ""},
		{[]string{"redirect_uri", "http://127.0.0.1.evil.example/callback"}, false, ""},
		{[]string{"redirect_uri", "http://127.0.0.1@evil.example/callback"}, false, ""},
		{[]string{"redirect_uri", "javascript:alert(1)"}, false, ""},
		{[]string{"redirect_uri", "https://console.example/oauth_callback?x=1"}, false, ""},
		{[]string{"redirect_uri", ""}, false, ""},
		{[]string{"client_id", "other"}, false, ""},
		{[]string{"redirect_uri", "https://console.example/oauth_callback"}, true, ""},
		{[]string{"redirect_uri", "http://[::1]:9/callback"}, true, ""},
		{[]string{"code_challenge", ""}, true, "invalid_request"},
		{[]string{"code_challenge_method", "plain"}, true, "invalid_request"},
		{[]string{"response_type", "token"}, true, "unsupported_response_type"},
		{[]string{"scope", "profile"}, true, "invalid_scope"},
		{[]string{"user", "stranger"}, true, "access_denied"},
		{[]string{"deny", "1"}, true, "access_denied"},
	} {
		q := question(append([]string{"user", "alice"}, c.change...)...)
		resp, _ := p.post(p.at("authorization_endpoint"), q)
		back, err := url.Parse(resp.Header.Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		if (back.String() != "") != c.goes || back.Query().Get("error") != c.err || (back.Query().Get("code") != "") != (c.goes && c.err == "") {
			t.Errorf("%v: answered %d, sent to %q", c.change, resp.StatusCode, back)
		}
	}
	resp, _ := p.get(p.at("authorization_endpoint") + "?" + question().Encode() + "&client_id=minio")
	if resp.StatusCode != http.StatusBadRequest {
		t.Error("a parameter that comes twice is read")
	}
}

func TestTheDeviceGrant(t *testing.T) {
	s := start(t, issuer.Options{})
	for _, c := range []struct {
		name     string
		form     url.Values
		err      string
		loggedIn bool
	}{
		{"alice", url.Values{"user": {"alice"}}, "", true},
		{"no", url.Values{"deny": {"1"}}, "access_denied", false},
		{"a stranger", url.Values{"user": {"stranger"}}, "access_denied", false},
	} {
		p := newPerson(t, s)
		_, body := p.post(p.at("device_authorization_endpoint"), url.Values{"client_id": {"minio"}, "scope": {"openid profile"}})
		var asked map[string]any
		if err := json.Unmarshal([]byte(body), &asked); err != nil {
			t.Fatal(err)
		}
		form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {text(asked["device_code"])}}
		if got := p.redeem(form)["error"]; got != "authorization_pending" {
			t.Errorf("%s: before: %v", c.name, got)
		}
		if _, page := p.get(text(asked["verification_uri"])); !strings.Contains(page, `name="code"`) {
			t.Error("the page asks for no code")
		}
		if _, page := p.get(text(asked["verification_uri_complete"])); !strings.Contains(page, ">alice<") {
			t.Error("the page shows no users")
		}
		if _, page := p.post(text(asked["verification_uri"]), url.Values{"code": {text(asked["user_code"])}}); !strings.Contains(page, ">alice<") {
			t.Error("who types the code is not asked who they are")
		}
		c.form.Set("code", text(asked["user_code"]))
		p.post(text(asked["verification_uri"]), c.form)
		if resp, _ := p.post(text(asked["verification_uri"]), url.Values{"code": {text(asked["user_code"])}, "user": {"ada"}}); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: a code was decided twice", c.name)
		}
		answer := p.redeem(form)
		if got, _ := answer["error"].(string); got != c.err || (answer["id_token"] != nil) != c.loggedIn {
			t.Errorf("%s: %v", c.name, answer["error"])
		}
		if got := p.redeem(form)["error"]; got != "invalid_grant" {
			t.Errorf("%s: twice: %v", c.name, got)
		}
	}
}

func TestTheEndOfASession(t *testing.T) {
	told := make(chan string, 4)
	gate := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told <- r.PostFormValue("logout_token") }))
	t.Cleanup(gate.Close)
	s := start(t, issuer.Options{LogoutURI: gate.URL})
	login := func(p *person) (sid any, refresh string) {
		answer := p.redeem(codeForm(p.choose("alice").Get("code")))
		return verified(t, s.JWKS(), text(answer["id_token"]))["sid"], text(answer["refresh_token"])
	}
	ended := func(how string, p *person, sid any, refresh string) {
		t.Helper()
		if got := verified(t, s.JWKS(), <-told); got["sid"] != sid || got["events"] == nil || got["nonce"] != nil {
			t.Errorf("%s: told of %v", how, got["sid"])
		}
		if p.redeem(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}})["error"] != "invalid_grant" {
			t.Errorf("%s: the refresh token counts on", how)
		}
	}
	p := newPerson(t, s)
	sid, refresh := login(p)
	p.post(p.at("revocation_endpoint"), url.Values{"client_id": {"minio"}, "token": {refresh}})
	ended("revoked", p, sid, refresh)

	p = newPerson(t, s)
	sid, refresh = login(p)
	if _, page := p.get(p.at("end_session_endpoint")); !strings.Contains(page, "Log out?") {
		t.Error("the page does not ask")
	}
	p.post(p.at("end_session_endpoint"), url.Values{})
	ended("at the page", p, sid, refresh)
	if _, page := p.post(p.at("end_session_endpoint"), url.Values{}); !strings.Contains(page, "Nobody is logged in") {
		t.Error("the browser is logged in after the end")
	}
}

func text(v any) string {
	s, _ := v.(string)
	return s
}
