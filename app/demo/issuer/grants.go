package issuer

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
)

// deviceGrant is the grant type of RFC 8628.
const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

const badGrant = "The provided authorization grant or refresh token is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client"

// token is the token endpoint. The client is public: as in Authentik, its ID is enough, and a secret is ignored.
func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		refuse(w, "invalid_request", "The request is otherwise malformed")
		return
	}
	grants := map[string]func(http.ResponseWriter, *http.Request){
		"client_credentials": i.redeemMachine,
		"password":           i.redeemMachine, // the same to Authentik
		"authorization_code": i.redeemCode,
		"refresh_token":      i.redeemRefresh,
		deviceGrant:          i.redeemDevice,
	}
	redeem := grants[r.PostForm.Get("grant_type")]
	switch id, _, basic := r.BasicAuth(); {
	case redeem == nil:
		refuse(w, "unsupported_grant_type", "The authorization grant type is not supported by the authorization server")
	case r.PostForm.Get("client_id") != i.clientID && (!basic || id != i.clientID):
		refuse(w, "invalid_client", "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method)")
	default:
		redeem(w, r)
	}
}

// redeemMachine is Authentik's grant for machines: the name and the app password of a user.
func (i *Issuer) redeemMachine(w http.ResponseWriter, r *http.Request) {
	user, ok := i.User(r.PostForm.Get("username"))
	password := []byte(r.PostForm.Get("password"))
	if !ok || user.AppPassword == "" || subtle.ConstantTimeCompare([]byte(user.AppPassword), password) != 1 {
		refuse(w, "invalid_grant", badGrant)
		return
	}
	scope := r.PostForm.Get("scope")
	i.grantTokens(w, scope, i.machineClaims(user, scope), i.machineClaims(user, scope), "")
}

// redeemCode exchanges a code, once, if the redirect URI and the PKCE verifier are those of the request for the
// code (RFC 6749, section 4.1.3; RFC 7636, section 4.5).
func (i *Issuer) redeemCode(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	g := i.take(i.logins.codes, r.PostForm.Get("code"))
	i.mu.Unlock()
	if g == nil || g.redirect != r.PostForm.Get("redirect_uri") || !g.proves(r.PostForm.Get("code_verifier")) {
		refuse(w, "invalid_grant", badGrant)
		return
	}
	i.grantLogin(w, g)
}

// redeemRefresh exchanges a refresh token, once. It makes the claims from the user as the user is now.
func (i *Issuer) redeemRefresh(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	g := i.take(i.logins.refresh, r.PostForm.Get("refresh_token"))
	i.mu.Unlock()
	if g == nil {
		refuse(w, "invalid_grant", badGrant)
		return
	}
	g.nonce = "" // OpenID Connect Core 1.0, section 12.2
	i.grantLogin(w, g)
}

// redeemDevice answers the poll of a device (RFC 8628, section 3.5). As in Authentik, a code that is unknown, used
// or expired gets invalid_grant.
func (i *Issuer) redeemDevice(w http.ResponseWriter, r *http.Request) {
	code := r.PostForm.Get("device_code")
	i.mu.Lock()
	g, now := i.logins.devices[code], i.clock()
	switch {
	case g == nil || !now.Before(g.ends):
		i.mu.Unlock()
		refuse(w, "invalid_grant", badGrant)
		return
	case !g.denied && g.user == "":
		soon := now.Sub(g.asked) < deviceInterval/2
		g.asked = now
		i.mu.Unlock()
		if soon {
			refuse(w, "slow_down", "Ask less often")
			return
		}
		refuse(w, "authorization_pending", "Nobody has decided yet")
		return
	}
	g = i.take(i.logins.devices, code)
	i.mu.Unlock()
	switch {
	case g == nil:
		refuse(w, "invalid_grant", badGrant)
	case g.denied:
		refuse(w, "access_denied", "The person said no")
	default:
		i.grantLogin(w, g)
	}
}

// grantLogin answers with the tokens of a person's login.
func (i *Issuer) grantLogin(w http.ResponseWriter, g *grant) {
	user, ok := i.User(g.user)
	if !ok {
		refuse(w, "invalid_grant", badGrant)
		return
	}
	id, access := i.loginClaims(user, g.scope, g.session), i.loginClaims(user, g.scope, g.session)
	if g.nonce != "" {
		id["nonce"] = g.nonce
	}
	refresh := ""
	if slices.Contains(strings.Fields(g.scope), "offline_access") {
		next := *g
		i.mu.Lock()
		refresh = i.store(i.logins.refresh, &next, refreshLife)
		i.mu.Unlock()
	}
	i.grantTokens(w, g.scope, id, access, refresh)
}

func (i *Issuer) grantTokens(w http.ResponseWriter, scope string, id, access map[string]any, refresh string) {
	access["jti"] = id["jti"] // both tokens of an answer share the jti
	i.addAccess(access, scope)
	answer := map[string]any{
		"access_token": i.Token(access),
		"token_type":   "Bearer",
		"scope":        scope,
		"expires_in":   i.expiresIn(),
		"id_token":     i.Token(id),
	}
	if refresh != "" {
		answer["refresh_token"] = refresh
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	writeJSON(w, http.StatusOK, mustJSON(answer))
}
