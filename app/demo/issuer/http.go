package issuer

import (
	"net/http"
	"net/url"
	"path"
)

// maxForm bounds the body of a request, in bytes.
const maxForm = 64 << 10

// ServeHTTP implements http.Handler.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) { i.mux.ServeHTTP(w, r) }

// routes returns the endpoints, at Authentik's paths: discovery and keys are below the issuer URL, and the endpoints
// that all applications share are beside it.
func (i *Issuer) routes(base *url.URL) *http.ServeMux {
	shared := path.Join(base.Path, "..")
	if shared != "/" {
		shared += "/"
	}
	at := func(p string) string { return base.ResolveReference(&url.URL{Path: p}).String() }
	discovery := mustJSON(map[string]any{
		"issuer":                                i.url,
		"authorization_endpoint":                at(shared + "authorize/"),
		"token_endpoint":                        at(shared + "token/"),
		"userinfo_endpoint":                     at(shared + "userinfo/"),
		"end_session_endpoint":                  i.url + "end-session/",
		"introspection_endpoint":                at(shared + "introspect/"),
		"revocation_endpoint":                   at(shared + "revoke/"),
		"device_authorization_endpoint":         at(shared + "device/"),
		"jwks_uri":                              i.url + "jwks/",
		"response_types_supported":              []string{"code"},
		"response_modes_supported":              []string{"query"},
		"grant_types_supported":                 []string{"authorization_code", "refresh_token", "client_credentials", "password", deviceGrant},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"subject_types_supported":               []string{"public"},
		"token_endpoint_auth_methods_supported": []string{"none", "client_secret_post", "client_secret_basic"},
		"acr_values_supported":                  []string{acr},
		"scopes_supported":                      scopes,
		"request_parameter_supported":           false,
		"claims_supported": []string{
			"sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "email", "email_verified",
			"name", "given_name", "preferred_username", "nickname", "groups", "policy", "authentik_token",
		},
		"claims_parameter_supported":                     false,
		"code_challenge_methods_supported":               []string{"S256"},
		"backchannel_logout_supported":                   true,
		"backchannel_logout_session_supported":           true,
		"authorization_response_iss_parameter_supported": true,
	})
	i.actions = map[string]string{"authorize": shared + "authorize/", "device": "/device", "end-session": base.Path + "end-session/"}

	mux := http.NewServeMux()
	mux.HandleFunc("GET "+base.Path+".well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, discovery)
	})
	mux.HandleFunc("GET "+base.Path+"jwks/{$}", func(w http.ResponseWriter, _ *http.Request) {
		// Authentik sets this header and no caching headers at all.
		w.Header().Set("Access-Control-Allow-Origin", "*")
		writeJSON(w, http.StatusOK, i.JWKS())
	})
	mux.HandleFunc("POST "+shared+"token/{$}", i.token)
	mux.HandleFunc("POST "+shared+"introspect/{$}", i.introspect)
	mux.HandleFunc("POST "+shared+"revoke/{$}", i.revoke)
	mux.HandleFunc("POST "+shared+"device/{$}", i.device)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		mux.HandleFunc(method+" "+shared+"authorize/{$}", i.authorize)
		mux.HandleFunc(method+" /device", i.devicePage)
		mux.HandleFunc(method+" "+base.Path+"end-session/{$}", i.endPage)
	}
	return mux
}

func refuse(w http.ResponseWriter, code, description string) {
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusBadRequest, mustJSON(map[string]string{"error": code, "error_description": description}))
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // an error means that the client has gone
}
