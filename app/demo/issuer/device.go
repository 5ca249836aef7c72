package issuer

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"time"
)

// deviceInterval is the time between two polls of a client (RFC 8628, section 3.2).
const deviceInterval = 1 * time.Second

// device starts a device grant (RFC 8628, section 3.1). As in Authentik, the user code consists of digits, and its
// page is /device of the host.
func (i *Issuer) device(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil || r.PostForm.Get("client_id") != i.clientID {
		refuse(w, "invalid_client", "The client is unknown")
		return
	}
	number, _ := rand.Int(rand.Reader, big.NewInt(1_000_000_000)) // never fails (crypto/rand)
	g := &grant{scope: knownScopes(r.PostForm.Get("scope")), session: randomName(), userCode: fmt.Sprintf("%09d", number)}
	i.mu.Lock()
	code := i.store(i.logins.devices, g, deviceLife)
	i.mu.Unlock()
	page := i.host + "/device"
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, mustJSON(map[string]any{
		"device_code":               code,
		"user_code":                 g.userCode,
		"verification_uri":          page,
		"verification_uri_complete": page + "?" + url.Values{"code": {g.userCode}}.Encode(),
		"expires_in":                int(deviceLife.Seconds()),
		"interval":                  int(deviceInterval.Seconds()),
	}))
}

// devicePage is the page at which a person types the code and chooses a user.
func (i *Issuer) devicePage(w http.ResponseWriter, r *http.Request) {
	q, ok := i.form(w, r)
	if !ok {
		return
	}
	code := q.Get("code")
	if code == "" {
		i.show(w, http.StatusOK, page{Title: "Which device?", Text: "Type the code that the device shows.", Action: "device", Ask: "code"})
		return
	}
	i.mu.Lock()
	g := i.undecided(code)
	i.mu.Unlock()
	switch {
	case g == nil:
		i.show(w, http.StatusNotFound, page{Title: "Nobody waits for this code", Text: "The code is wrong, used or over. Start the login on the device again."})
		return
	case r.Method == http.MethodGet, r.PostForm.Get("user") == "" && r.PostForm.Get("deny") == "": // the code alone
		i.showUsers(w, "device", url.Values{"code": {code}}, "")
		return
	}
	user, known := i.User(r.PostForm.Get("user"))
	denied := r.PostForm.Get("deny") != "" || !known
	i.mu.Lock()
	g = i.undecided(code) // another request may have decided in the meantime
	if g != nil {
		g.denied, g.user = denied, user.Name
		if !denied {
			i.startSession(g)
		}
	}
	i.mu.Unlock()
	switch {
	case g == nil:
		i.show(w, http.StatusNotFound, page{Title: "Nobody waits for this code"})
	case denied:
		i.show(w, http.StatusOK, page{Title: "The device is not logged in", Text: "You said no. Close this window."})
	default:
		i.setCookie(w, g)
		i.show(w, http.StatusOK, page{Title: "The device is logged in", Text: "Close this window and go back to the device."})
	}
}

// undecided returns the undecided grant of a user code, or nil. The caller holds i.mu.
func (i *Issuer) undecided(userCode string) *grant {
	for _, g := range i.logins.devices {
		if g.userCode == userCode && g.user == "" && !g.denied && i.clock().Before(g.ends) {
			return g
		}
	}
	return nil
}
