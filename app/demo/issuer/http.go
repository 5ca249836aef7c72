package issuer

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"path"
)

// maxForm bounds the body of a token request.
const maxForm = 64 << 10

// ServeHTTP answers discovery, the key set and token requests.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) { i.mux.ServeHTTP(w, r) }

// routes follow Authentik: discovery and keys below the issuer URL, the
// endpoints that all applications share beside it.
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
		"response_types_supported":              []string{"code", "id_token", "id_token token", "code token", "code id_token", "code id_token token"},
		"response_modes_supported":              []string{"query", "fragment", "form_post"},
		"grant_types_supported":                 []string{"authorization_code", "refresh_token", "implicit", "client_credentials", "password", "urn:ietf:params:oauth:grant-type:device_code"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"subject_types_supported":               []string{"public"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic"},
		"acr_values_supported":                  []string{acr},
		"scopes_supported":                      []string{"openid", "email", "profile", "minio"},
		"request_parameter_supported":           false,
		"claims_supported": []string{
			"sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "email", "email_verified",
			"name", "given_name", "preferred_username", "nickname", "groups", "policy", "authentik_token",
		},
		"claims_parameter_supported":       false,
		"code_challenge_methods_supported": []string{"plain", "S256"},
	})

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
	return mux
}

// token is the machine flow of Authentik: client_credentials with a user's
// name and app password; the grant type "password" is treated the same.
func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		refuse(w, "invalid_request", "The request is otherwise malformed")
		return
	}
	switch r.PostForm.Get("grant_type") {
	case "client_credentials", "password":
	default:
		refuse(w, "unsupported_grant_type", "The authorization grant type is not supported by the authorization server")
		return
	}
	if r.PostForm.Get("client_id") != i.clientID {
		refuse(w, "invalid_client", "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method)")
		return
	}
	user, ok := i.User(r.PostForm.Get("username"))
	password := []byte(r.PostForm.Get("password"))
	if !ok || user.AppPassword == "" || subtle.ConstantTimeCompare([]byte(user.AppPassword), password) != 1 {
		refuse(w, "invalid_grant", "The provided authorization grant or refresh token is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client")
		return
	}

	scope := r.PostForm.Get("scope")
	id := i.machineClaims(user, scope)
	access := i.machineClaims(user, scope)
	access["jti"] = id["jti"] // both tokens of one answer can share it
	i.addAccess(access, scope)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	writeJSON(w, http.StatusOK, mustJSON(map[string]any{
		"access_token": i.Token(access),
		"token_type":   "Bearer",
		"scope":        scope,
		"expires_in":   i.expiresIn(),
		"id_token":     i.Token(id),
	}))
}

func refuse(w http.ResponseWriter, code, description string) {
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusBadRequest, mustJSON(map[string]string{"error": code, "error_description": description}))
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that went away needs no answer
}
