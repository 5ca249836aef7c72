package issuer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// cookie holds the session of a browser, for the logout page alone. Each login asks for the user again, because in a
// demo one person plays several users.
const cookie = "claimgate_demo_session"

// setCookie sets the cookie with the session of a login.
func (i *Issuer) setCookie(w http.ResponseWriter, g *grant) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure with TLS, which only a proxy in front of the demo has
		Name: cookie, Value: g.session, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(i.url, "https://"),
	})
}

// revoke is the revocation endpoint (RFC 7009). For a refresh token it ends the session, and any other token it marks
// as revoked. An unknown token gets the same answer (section 2.2).
//
// Authentik's own endpoint ends only the token. The demo also ends the session, as an administrator of Authentik can,
// so that back-channel logout can be seen without an administrator.
func (i *Issuer) revoke(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil || r.PostForm.Get("client_id") != i.clientID {
		refuse(w, "invalid_client", "The client is unknown")
		return
	}
	token := r.PostForm.Get("token")
	i.mu.Lock()
	g := i.take(i.logins.refresh, token)
	i.mu.Unlock()
	if g != nil {
		i.endSession(g.session)
	} else if i.activeClaims(token) != nil {
		i.Revoke(token)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
}

// endPage is the logout page (OpenID Connect RP-Initiated Logout 1.0). The person must confirm, because a link on
// another site must not log anybody out.
func (i *Issuer) endPage(w http.ResponseWriter, r *http.Request) {
	if _, ok := i.form(w, r); !ok {
		return
	}
	session, user := "", ""
	if c, err := r.Cookie(cookie); err == nil {
		i.mu.RLock()
		session, user = c.Value, i.logins.live[c.Value]
		i.mu.RUnlock()
	}
	if user == "" {
		i.show(w, http.StatusOK, page{Title: "Nobody is logged in here"})
		return
	}
	if r.Method == http.MethodGet {
		i.show(w, http.StatusOK, page{Title: "Log out?", Text: "You are " + user + ".", Action: "end-session", Confirm: "Log out"})
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookie, Path: "/", MaxAge: -1}) //nolint:gosec // a removal
	i.endSession(session)
	i.show(w, http.StatusOK, page{Title: "You are logged out", Text: "Close this window."})
}

// sid returns the sid claim of a session.
func sid(session string) string {
	sum := sha256.Sum256([]byte(session))
	return hex.EncodeToString(sum[:])
}

// LogoutToken returns the token that the issuer sends when a session ends (OpenID Connect Back-Channel Logout 1.0,
// section 2.4).
func (i *Issuer) LogoutToken(u User, session string) string {
	now := i.clock()
	return i.Token(map[string]any{
		"iss": i.url, "aud": i.clientID, "sub": u.Subject, "sid": sid(session), "jti": randomHex(),
		"iat": now.Unix(), "exp": now.Add(2 * time.Minute).Unix(),
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}, WithHeader("typ", "logout+jwt"))
}

// SetLogoutURI replaces Options.LogoutURI.
func (i *Issuer) SetLogoutURI(address string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.logoutURI = address
}

// sendLogoutToken sends a logout token to the logout URI. It does not try again after an error, because this is a demo.
func (i *Issuer) sendLogoutToken(u User, session string) {
	i.mu.RLock()
	address := i.logoutURI
	i.mu.RUnlock()
	if address == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	form := url.Values{"logout_token": {i.LogoutToken(u, session)}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := i.client.Do(req)
	if err != nil {
		return
	}
	_ = resp.Body.Close()
	i.client.CloseIdleConnections()
}
