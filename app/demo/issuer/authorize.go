package issuer

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// authorize is the authorization endpoint (RFC 6749, section 4.1). A GET shows the users of the demo, a POST is the
// choice of one.
//
// A request with an unknown client or a redirect URI that is not allowed gets an error page and no redirect.
// Otherwise the issuer would be an open redirector.
func (i *Issuer) authorize(w http.ResponseWriter, r *http.Request) {
	q, ok := i.form(w, r)
	if !ok {
		return
	}
	redirect := q.Get("redirect_uri")
	switch {
	case q.Get("client_id") != i.clientID:
		i.show(w, http.StatusBadRequest, page{Title: "This client is unknown", Text: "The demo knows the client " + i.clientID + " only: see --client-id."})
		return
	case !i.allowedRedirect(redirect):
		i.show(w, http.StatusBadRequest, page{Title: "This redirect URI is not allowed", Text: "The demo sends nobody to another machine. Use a loopback address, or start the issuer with --redirect-uri."})
		return
	}
	back := func(values url.Values) {
		if state := q.Get("state"); state != "" {
			values.Set("state", state)
		}
		values.Set("iss", i.url)                                           // RFC 9207
		http.Redirect(w, r, withQuery(redirect, values), http.StatusFound) //nolint:gosec // allowedRedirect allows the address
	}
	refused := func(code, text string) { back(url.Values{"error": {code}, "error_description": {text}}) }
	switch {
	case q.Get("response_type") != "code":
		refused("unsupported_response_type", "The demo has the code flow only")
		return
	case q.Get("code_challenge") == "" || q.Get("code_challenge_method") != "S256":
		refused("invalid_request", "The demo's client is public and must send a code_challenge with the method S256")
		return
	case !slices.Contains(strings.Fields(q.Get("scope")), "openid"):
		refused("invalid_scope", "The scope openid is missing")
		return
	case r.Method == http.MethodGet:
		i.showUsers(w, "authorize", q, redirect)
		return
	case r.PostForm.Get("deny") != "":
		refused("access_denied", "The person said no")
		return
	}
	user, ok := i.User(r.PostForm.Get("user"))
	if !ok {
		refused("access_denied", "There is no such user")
		return
	}
	g := &grant{user: user.Name, scope: knownScopes(q.Get("scope")), nonce: q.Get("nonce"), redirect: redirect, challenge: q.Get("code_challenge"), session: randomName()}
	i.setCookie(w, g)
	i.mu.Lock()
	i.startSession(g)
	code := i.store(i.logins.codes, g, codeLife)
	i.mu.Unlock()
	back(url.Values{"code": {code}})
}

// form returns the parameters of a request. A parameter that comes twice is an error (RFC 6749, section 3.1). If ok
// is false, form has answered the request.
func (i *Issuer) form(w http.ResponseWriter, r *http.Request) (url.Values, bool) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		i.show(w, http.StatusBadRequest, page{Title: "This request cannot be read"})
		return nil, false
	}
	for name, values := range r.Form {
		if len(values) > 1 {
			i.show(w, http.StatusBadRequest, page{Title: "This request says something twice", Text: "It names " + name + " more than once."})
			return nil, false
		}
	}
	return r.Form, true
}

// showUsers shows the users to choose from. The form sends the parameters of the request again with the choice.
func (i *Issuer) showUsers(w http.ResponseWriter, action string, q url.Values, redirect string) {
	p := page{Title: "Who are you?", Text: "Choose a user of the demo.", Action: action, Client: i.clientID, returnsTo: redirect}
	for _, name := range slices.Sorted(maps.Keys(q)) {
		if name != "user" && name != "deny" {
			p.Hidden = append(p.Hidden, [2]string{name, q.Get(name)})
		}
	}
	for _, u := range i.users {
		p.Users = append(p.Users, pageUser{Name: u.Name, Groups: strings.Join(u.Groups, ", "), Policies: strings.Join(u.Policies, ", ")})
	}
	slices.SortFunc(p.Users, func(a, b pageUser) int { return cmp.Compare(a.Name, b.Name) })
	i.show(w, http.StatusOK, p)
}

func withQuery(address string, values url.Values) string {
	u, err := url.Parse(address)
	if err != nil {
		return address // allowedRedirect has parsed the address
	}
	q := u.Query()
	maps.Copy(q, values)
	u.RawQuery = q.Encode()
	return u.String()
}
