//go:build unix

package login_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/app/login"
)

// A session file that others may read or replace, or that is damaged, is refused. The error says what to do.
func TestAFileThatOthersCouldHaveTouched(t *testing.T) {
	for name, c := range map[string]struct {
		touch func(file string) error
		want  string
	}{
		"readable by a group": {func(f string) error { return os.Chmod(f, 0o640) }, "chmod 600"},
		"readable by all":     {func(f string) error { return os.Chmod(f, 0o604) }, "chmod 600"},
		"an open directory":   {func(f string) error { return os.Chmod(filepath.Dir(f), 0o770) }, "chmod 700"},
		"a symbolic link": {func(f string) error {
			if err := os.Rename(f, f+".moved"); err != nil {
				return err
			}
			return os.Symlink(f+".moved", f)
		}, "symbolic link"},
		"a directory": {func(f string) error {
			if err := os.Remove(f); err != nil {
				return err
			}
			return os.Mkdir(f, 0o700)
		}, "not a regular file"},
		"no JSON": {func(f string) error { return os.WriteFile(f, []byte("{"), 0o600) }, "is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			if _, err := w.login(); err != nil {
				t.Fatal(err)
			}
			if err := c.touch(w.sessionFile()); err != nil {
				t.Fatal(err)
			}
			if s, err := login.Read("default"); err == nil || s != nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("read, with %v", err)
			}
		})
	}
}

// A login replaces a symbolic link, and does not write to the link's target.
func TestALoginWritesThroughNoLink(t *testing.T) {
	w := start(t)
	if _, err := w.login(); err != nil {
		t.Fatal(err)
	}
	file, other := w.sessionFile(), filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(other, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, file); err != nil {
		t.Fatal(err)
	}
	if _, err := w.login(); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(other); err != nil || string(text) != "theirs" {
		t.Errorf("the file behind the link holds %q, %v", text, err)
	}
	if _, err := login.Read("default"); err != nil {
		t.Error(err)
	}
}

// A file of profiles that others may write is refused, because they could send a login to another issuer.
func TestProfilesThatOthersMayWrite(t *testing.T) {
	w := start(t)
	if _, err := w.login(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(os.Getenv("XDG_CONFIG_HOME"), "claimgate", "login.toml"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := login.Load("default"); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Error(err)
	}
}

// A file of profiles that an editor saved with a byte order mark is read. A file in UTF-16 is refused by that name.
func TestProfilesInOtherEncodings(t *testing.T) {
	w := start(t)
	if _, err := w.login(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(os.Getenv("XDG_CONFIG_HOME"), "claimgate", "login.toml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want, err := login.Load("default")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append([]byte("\ufeff"), text...), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := login.Load("default"); err != nil || got.Issuer != want.Issuer {
		t.Errorf("with a byte order mark: %+v, %v", got, err)
	}
	if err := os.WriteFile(file, []byte("\xff\xfea\x00=\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := login.Load("default"); err == nil || !strings.Contains(err.Error(), "UTF-16") {
		t.Errorf("in UTF-16: %v", err)
	}
}

// The callback accepts only the answer of this login, and only one.
func TestCallbacksOfOthers(t *testing.T) {
	w := start(t)
	ask := func(address, host string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
		if err != nil {
			t.Error(err)
			return 0
		}
		if host != "" {
			req.Host = host
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			return 0
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	_, err := login.Login(t.Context(), "default", w.profile(), login.How{Port: 0, Open: func(address string) {
		u, err := url.Parse(address)
		if err != nil {
			t.Error(err)
		}
		back, state := u.Query().Get("redirect_uri"), u.Query().Get("state")
		for name, c := range map[string]struct{ query, host string }{
			"another site's name":   {"?code=x&state=" + state, "evil.example"},
			"another port's name":   {"?code=x&state=" + state, "127.0.0.1:1"},
			"another issuer":        {"?code=x&state=" + state + "&iss=https://evil.example/", ""},
			"two issuers":           {"?code=x&state=" + state + "&iss=" + url.QueryEscape(w.profile().Issuer) + "&iss=https://evil.example/", ""},
			"two states":            {"?code=x&state=" + state + "&state=y", ""},
			"no state":              {"?code=x", ""},
			"an error of no state":  {"?error=access_denied", ""},
			"a state that is wrong": {"?code=x&state=" + state + "x", ""},
		} {
			if status := ask(back+c.query, c.host); status != http.StatusBadRequest {
				t.Errorf("%s: answered %d", name, status)
			}
		}
		w.browser(address)
	}})
	if err != nil {
		t.Error(err)
	}

	// The first answer counts, here with an invented code.
	_, err = login.Login(t.Context(), "default", w.profile(), login.How{Port: 0, Open: func(address string) {
		u, _ := url.Parse(address)
		back := u.Query().Get("redirect_uri") + "?state=" + u.Query().Get("state") + "&code="
		if first, second := ask(back+"invented", ""), ask(back+"another", ""); first != http.StatusOK || second != http.StatusConflict {
			t.Errorf("answered %d, then %d", first, second)
		}
	}})
	if err == nil || !strings.Contains(err.Error(), "the code is refused") || strings.Contains(err.Error(), "invented") {
		t.Error(err)
	}

	// An issuer that announces the parameter iss sends it in every answer (RFC 9207 section 2.4).
	w.document = func(d map[string]any) { d["authorization_response_iss_parameter_supported"] = true }
	_, err = login.Login(t.Context(), "default", w.profile(), login.How{Port: 0, Open: func(address string) {
		u, _ := url.Parse(address)
		back := u.Query().Get("redirect_uri") + "?code=invented&state=" + u.Query().Get("state")
		if status := ask(back, ""); status != http.StatusBadRequest {
			t.Errorf("an answer without iss is answered %d", status)
		}
		if status := ask(back+"&iss="+url.QueryEscape(w.issuer()), ""); status != http.StatusOK {
			t.Errorf("the issuer's answer is answered %d", status)
		}
	}})
	if err == nil || !strings.Contains(err.Error(), "the code is refused") {
		t.Error(err)
	}
}

// A login requests only scopes that the issuer lists, and warns if the answer lacks a token for claimgate.
func TestWhatTheIssuerHas(t *testing.T) {
	w := start(t)
	for name, c := range map[string]struct {
		supported any
		want      string
	}{
		"no list":  {nil, "openid profile email groups minio offline_access"},
		"Dex":      {[]string{"openid", "email", "groups", "profile", "offline_access"}, "openid profile email groups offline_access"},
		"few":      {[]string{"offline_access"}, "openid offline_access"},
		"with own": {[]string{"openid", "minio", "other"}, "openid minio"},
	} {
		w.document = func(d map[string]any) {
			if c.supported != nil {
				d["scopes_supported"] = c.supported
			}
		}
		var warned []string
		how := login.How{Port: 0, Warn: func(text string) { warned = append(warned, text) }, Open: func(address string) {
			u, _ := url.Parse(address)
			if got := u.Query().Get("scope"); got != c.want {
				t.Errorf("%s: asked for %q, want %q", name, got, c.want)
			}
			w.browser(address)
		}}
		if _, err := login.Login(t.Context(), "default", w.profile(), how); err != nil {
			t.Error(err)
		}
		if len(warned) != 1 || !strings.Contains(warned[0], "holds no token for claimgate") {
			t.Errorf("%s: warned %q", name, warned)
		}
	}
	w.claims = func(c map[string]any) {
		c["authentik_token"] = w.tokens.Token(map[string]any{"iss": w.issuer(), "sub": "u-1"})
	}
	how := login.How{Port: 0, Open: w.browser, Warn: func(text string) { t.Error(text) }}
	if _, err := login.Login(t.Context(), "default", w.profile(), how); err != nil {
		t.Error(err)
	}
	w.document = func(d map[string]any) { d["code_challenge_methods_supported"] = []string{"plain"} }
	if _, err := w.login(); err == nil || !strings.Contains(err.Error(), "PKCE") {
		t.Error(err)
	}
	w.document = func(d map[string]any) { d["grant_types_supported"] = []string{"authorization_code"} }
	if _, err := login.Login(t.Context(), "default", w.profile(), login.How{Device: true}); err == nil || !strings.Contains(err.Error(), "no device grant") {
		t.Error(err)
	}
}
