package login

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/chromedp/chromedp"

	"github.com/claimgate/claimgate/e2e/internal/images"
	"github.com/claimgate/claimgate/e2e/internal/person"
)

// hydra is Ory Hydra with a login app of this test. Hydra sends logout tokens, answers introspection, and its
// keys are changed while it serves.
func hydra() provider {
	h := &hydraServer{}
	enter := func(who string) []chromedp.Action {
		return []chromedp.Action{chromedp.Click(fmt.Sprintf("button[value=%q]", who), chromedp.ByQuery)}
	}
	return provider{
		name:   "Hydra",
		start:  h.start,
		login:  enter,
		rotate: h.rotate,
		end:    []chromedp.Action{person.Reads("You are logged out")},
		introspection: func() string {
			return fmt.Sprintf("[issuer.introspection]\nclient_id = \"claimgate\"\nclient_secret_file = \"introspection-secret\"\nendpoint = %q\nttl = \"1s\"\n", h.admin+"/oauth2/introspect")
		},
	}
}

type hydraServer struct {
	w     *world
	admin string // the URL of the administration
	app   string // the URL of the login app
}

func (h *hydraServer) start(w *world) string {
	if err := images.Build(w.Context(), bin, "hydra"); err != nil {
		w.Fatal(err)
	}
	public, admin := freeAddress(w.T), freeAddress(w.T)
	app := httptest.NewServer(h.pages())
	w.Cleanup(app.Close)
	h.w, h.admin, h.app = w, "http://"+admin+"/admin", app.URL
	issuer := "http://" + public
	host, port, _ := strings.Cut(public, ":")
	_, adminPort, _ := strings.Cut(admin, ":")
	w.write("hydra.yaml", fmt.Sprintf(`dsn: memory
serve:
  public: {host: %q, port: %s}
  admin: {host: %q, port: %s}
urls:
  self: {issuer: %q}
  login: %[6]q
  consent: %[7]q
  logout: %[8]q
  post_logout_redirect: %[9]q
secrets: {system: ["a-secret-of-this-test-alone"]}
strategies: {access_token: jwt}
oauth2:
  allowed_top_level_claims: [groups]
  pkce: {enforced_for_public_clients: true}
`, host, port, host, adminPort, issuer, app.URL+"/login", app.URL+"/consent", app.URL+"/logout", app.URL+"/ended"))
	w.background("hydra", nil, "hydra", "serve", "all", "--dev", "--config", "hydra.yaml")
	w.waitFor("http://" + admin + "/health/ready")
	h.call(http.MethodPost, "/clients", map[string]any{
		"client_id": "minio", "client_name": "MinIO", "token_endpoint_auth_method": "none", "audience": []string{"minio"},
		"grant_types": []string{"authorization_code", "refresh_token"}, "response_types": []string{"code"}, "scope": "openid offline_access profile",
		"redirect_uris":          []string{"http://127.0.0.1:18250/callback", "http://127.0.0.1:18251/callback", "http://127.0.0.1:18252/callback"},
		"backchannel_logout_uri": "http://" + w.gate + "/backchannel-logout", "backchannel_logout_session_required": true,
	}, nil)
	w.write("introspection-secret", "none is asked for at the administration")
	return issuer
}

// rotate makes Hydra sign with a new ES256 key, and publish no older one.
func (h *hydraServer) rotate(*world) {
	for _, set := range []string{"hydra.openid.id-token", "hydra.jwt.access-token"} {
		var old struct {
			Keys []struct {
				Kid string `json:"kid"`
			} `json:"keys"`
		}
		h.call(http.MethodGet, "/keys/"+set, nil, &old)
		h.call(http.MethodPost, "/keys/"+set, map[string]string{"alg": "ES256", "kid": set + "-two", "use": "sig"}, nil)
		for _, key := range old.Keys {
			h.call(http.MethodDelete, "/keys/"+set+"/"+url.PathEscape(key.Kid), nil, nil)
		}
	}
}

// pages is the app that Hydra wants for login, consent and logout.
func (h *hydraServer) pages() http.Handler {
	groups := map[string][]string{"alice": {"MinIO users"}, "rhea": {"MinIO readers"}, "nobody": {}}
	accept := func(rw http.ResponseWriter, r *http.Request, what string, body any) {
		challenge := what + "_challenge"
		var next struct {
			To string `json:"redirect_to"`
		}
		h.call(http.MethodPut, "/oauth2/auth/requests/"+what+"/accept?"+challenge+"="+url.QueryEscape(r.FormValue(challenge)), body, &next)
		http.Redirect(rw, r, next.To, http.StatusSeeOther)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(rw, "<form method=post><input type=hidden name=login_challenge value=%q>", r.FormValue("login_challenge"))
		for who := range groups {
			_, _ = fmt.Fprintf(rw, "<button name=who value=%q>%[1]s</button>", who)
		}
	})
	mux.HandleFunc("POST /login", func(rw http.ResponseWriter, r *http.Request) {
		accept(rw, r, "login", map[string]any{"subject": r.FormValue("who"), "remember": true})
	})
	mux.HandleFunc("GET /consent", func(rw http.ResponseWriter, r *http.Request) {
		var asked struct {
			Subject string   `json:"subject"`
			Scope   []string `json:"requested_scope"`
		}
		h.call(http.MethodGet, "/oauth2/auth/requests/consent?consent_challenge="+url.QueryEscape(r.FormValue("consent_challenge")), nil, &asked)
		claims := map[string]any{"groups": groups[asked.Subject]}
		accept(rw, r, "consent", map[string]any{
			"grant_scope": asked.Scope, "grant_access_token_audience": []string{"minio"}, "remember": true,
			"session": map[string]any{"id_token": claims, "access_token": claims},
		})
	})
	mux.HandleFunc("GET /logout", func(rw http.ResponseWriter, r *http.Request) { accept(rw, r, "logout", nil) })
	mux.HandleFunc("GET /ended", func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "You are logged out") })
	return mux
}

// call asks Hydra's administration. It is called in the app's handlers too, so a failure does not stop the test at once.
func (h *hydraServer) call(method, path string, body, into any) {
	text, err := json.Marshal(body)
	if err != nil {
		h.w.Error(err)
		return
	}
	req, err := http.NewRequestWithContext(h.w.Context(), method, h.admin+path, bytes.NewReader(text))
	if err != nil {
		h.w.Error(err)
		return
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.w.Error(err)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	said, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= http.StatusMultipleChoices {
		h.w.Errorf("%s %s: %s %s %v", method, path, resp.Status, said, err)
		return
	}
	if into != nil {
		if err := json.Unmarshal(said, into); err != nil {
			h.w.Error(err)
		}
	}
}
