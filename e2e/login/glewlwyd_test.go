package login

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"strings"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/claimgate/claimgate/e2e/internal/person"
)

// glewlwyd is Glewlwyd, Debian's package. It signs with ES256, has no token inside the id_token, and sends
// logout tokens.
func glewlwyd() provider {
	const next = `button[title="Continue to client application"]`
	g := &glewlwydServer{}
	enter := func(who string) []chromedp.Action {
		return []chromedp.Action{
			person.Repeat(
				chromedp.SendKeys("#username", who, chromedp.ByQuery, chromedp.NodeVisible), chromedp.SendKeys("#password", password+"\r", chromedp.ByQuery),
				chromedp.WaitVisible(next, chromedp.ByQuery),
			),
			chromedp.Click(next, chromedp.ByQuery, chromedp.NodeVisible),
		}
	}
	return provider{
		name:  "Glewlwyd",
		start: g.start,
		login: enter,
		device: func(who, code string) []chromedp.Action {
			actions := []chromedp.Action{chromedp.SendKeys("input[maxlength='9']", code, chromedp.ByQuery), chromedp.Click("button.btn-primary", chromedp.ByQuery, chromedp.NodeVisible)}
			return append(append(actions, enter(who)...), person.Reads("Authorization complete"))
		},
		rotate: func(*world) { g.keys(esKey("two")) },
		// Glewlwyd's page for the end of a session fails in version 2.7.5, before it sends this request.
		end: []chromedp.Action{chromedp.Evaluate(
			"fetch('/api/oidc/session/' + new URLSearchParams(location.search).get('sid'), {method: 'DELETE'}).then(r => { if (!r.ok) throw r.status })",
			nil, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) },
		)},
		noNewIDToken: true,
	}
}

type glewlwydServer struct {
	w    *world
	api  string
	http *http.Client
}

// start copies what Debian's package installs: Glewlwyd follows no link out of its folder of pages, and looks for
// config.json where the package has a folder.
func (g *glewlwydServer) start(w *world) string {
	address := freeAddress(w.T)
	g.w, g.api = w, "http://"+address+"/api"
	w.must(w.env("server"), `
		cp -rL /usr/share/glewlwyd/webapp pages
		rm -r pages/config.json
		cp /etc/glewlwyd/config-*.json/config.json pages/config.json
		zcat /usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz | sqlite3 glewlwyd.db`)
	text, err := os.ReadFile("/etc/glewlwyd/glewlwyd.conf")
	if err != nil {
		w.Fatal(err)
	}
	settings := map[string]string{
		"port": address[strings.LastIndex(address, ":")+1:], "external_url": fmt.Sprintf("%q", "http://"+address),
		"log_mode": `"console"`, "# static_files_path": `"pages"`, "@include": "",
	}
	var config strings.Builder
	for line := range strings.Lines(string(text)) {
		for name, value := range settings {
			if strings.HasPrefix(line, name+"=") {
				line = strings.TrimPrefix(name, "# ") + "=" + value + "\n"
			}
		}
		if strings.HasPrefix(line, "@include") {
			line = "database = { type = \"sqlite3\"; path = \"glewlwyd.db\"; };\n"
		}
		config.WriteString(line)
	}
	w.write("glewlwyd.conf", config.String())
	w.background("glewlwyd", nil, "/usr/bin/glewlwyd", "--config-file", "glewlwyd.conf")
	w.waitFor("http://" + address + "/config/")

	jar, err := cookiejar.New(nil)
	if err != nil {
		w.Fatal(err)
	}
	g.http = &http.Client{Jar: jar}
	g.call(http.MethodPost, "/auth", map[string]any{"username": "admin", "password": "password"})
	g.call(http.MethodPut, "/mod/user/database", map[string]any{
		"module": "database", "name": "database", "display_name": "people", "order_rank": 0, "readonly": false,
		"parameters": map[string]any{"use-glewlwyd-connection": true, "data-format": map[string]any{"groups": map[string]any{"multiple": true, "read": true, "write": true}}},
	})
	g.call(http.MethodPut, "/mod/user/database/reset/", nil)
	g.call(http.MethodPut, "/scope/openid", map[string]any{
		"name": "openid", "display_name": "openid", "description": "who somebody is", "password_required": true, "password_max_age": 0,
		"scheme": map[string]any{}, "scheme_required": map[string]any{},
	})
	for who, groups := range map[string][]string{"alice": {"MinIO users"}, "rhea": {"MinIO readers"}, "nobody": {}} {
		g.call(http.MethodPost, "/user/", map[string]any{
			"username": who, "name": who, "password": password, "enabled": true, "scope": []string{"openid"}, "groups": groups,
		})
	}
	g.call(http.MethodPost, "/client/", map[string]any{
		"client_id": "minio", "name": "MinIO", "enabled": true, "confidential": false, "token_endpoint_auth_method": []string{"none"}, "scope": []string{"openid"},
		"redirect_uri":           []string{"http://127.0.0.1:18250/callback", "http://127.0.0.1:18251/callback", "http://127.0.0.1:18252/callback"},
		"authorization_type":     []string{"code", "device_authorization", "refresh_token"},
		"backchannel_logout_uri": "http://" + w.gate + "/backchannel-logout", "backchannel_logout_session_required": "1",
	})
	g.call(http.MethodPost, "/mod/plugin/", g.plugin(esKey("one")))
	return g.api + "/oidc"
}

// plugin is the OpenID Connect of Glewlwyd, signing with the key.
func (g *glewlwydServer) plugin(key map[string]string) map[string]any {
	set, err := json.Marshal(map[string]any{"keys": []any{key}})
	if err != nil {
		g.w.Fatal(err)
	}
	return map[string]any{"module": "oidc", "name": "oidc", "display_name": "OpenID Connect", "parameters": map[string]any{
		"iss": g.api + "/oidc", "jwks-private": string(set), "jwks-show": true, "default-kid": key["kid"],
		"access-token-duration": 3600, "refresh-token-duration": 86400, "code-duration": 600, "refresh-token-rolling": true, "refresh-token-one-use": "always",
		"auth-type-code-enabled": true, "auth-type-refresh-enabled": true, "auth-type-device-enabled": true, "auth-type-none-enabled": true,
		"auth-type-password-enabled": false, "auth-type-client-enabled": false, "auth-type-token-enabled": false, "allow-non-oidc": false,
		"device-authorization-expiration": 600, "device-authorization-interval": 1, "pkce-allowed": true, "subject-type": "public", "allowed-scope": []string{"openid"},
		"session-management-allowed": true, "back-channel-logout-allowed": true, "front-channel-logout-allowed": false,
		"session-cookie-name": "OIDC_SID", "session-cookie-expiration": 86400, "address-claim": map[string]any{"type": "no"},
		"claims": []any{map[string]any{"name": "groups", "user-property": "groups", "type": "string", "mandatory": true}},
	}}
}

// keys makes Glewlwyd sign with the key, and publish no other.
func (g *glewlwydServer) keys(key map[string]string) {
	g.call(http.MethodPut, "/mod/plugin/oidc", g.plugin(key))
	g.call(http.MethodPut, "/mod/plugin/oidc/reset/", nil)
}

func (g *glewlwydServer) call(method, path string, body any) {
	g.w.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		g.w.Fatal(err)
	}
	req, err := http.NewRequestWithContext(g.w.Context(), method, g.api+path, bytes.NewReader(text))
	if err != nil {
		g.w.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := g.http.Do(req)
	if err != nil {
		g.w.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(resp.Body)
		g.w.Fatalf("%s %s: %s %s", method, path, resp.Status, said)
	}
}

// esKey makes a private key of P-256 as a JWK. Glewlwyd cuts leading zeros off, which RFC 7518 section 6.2.1.2 does
// not allow, so the key has none.
func esKey(kid string) map[string]string {
	for {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err) // crypto/rand does not fail
		}
		point, err := key.PublicKey.Bytes() // 4, x, y
		if err != nil {
			panic(err) // P-256 has no point at infinity here
		}
		d, err := key.Bytes()
		if err != nil {
			panic(err)
		}
		x, y := point[1:33], point[33:]
		if x[0] == 0 || y[0] == 0 || d[0] == 0 {
			continue
		}
		text := base64.RawURLEncoding.EncodeToString
		return map[string]string{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid, "x": text(x), "y": text(y), "d": text(d)}
	}
}
