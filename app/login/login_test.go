package login_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/demo/issuer"
	"github.com/claimgate/claimgate/app/login"
)

// world is a provider and a MinIO as a client sees them. The demo's issuer signs the tokens, and the login
// fetches its keys.
type world struct {
	t      *testing.T
	tokens *issuer.Server
	front  *httptest.Server // the endpoints of a provider, and STS

	browsers sync.WaitGroup // requests that may end after their login

	mu           sync.Mutex
	challenges   map[string]string // code -> challenge
	nonces       map[string]string
	refresh      map[string]bool // valid refresh tokens
	made         int
	pending      int                  // answers of the device grant before the person decides; negative: the code has expired
	revoke       int                  // status of the revocation endpoint, 0 for 200
	device       int                  // status of the device endpoint, 0 for 200
	lifetime     time.Duration        // of MinIO's credentials
	roleMode     bool                 // MinIO knows the role of the client
	claims       func(map[string]any) // changes the claims of an id_token
	sts          []url.Values
	document     func(map[string]any) // changes the discovery document
	sessionToken string               // MinIO's; "st" if empty
	elsewhere    string               // where the token endpoint redirects to
}

func start(t *testing.T) *world {
	t.Helper()
	t.Setenv("HOME", t.TempDir())
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "") // the tests leave the user's keyring alone
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(t.TempDir(), "config"))
	t.Setenv("XDG_CACHE_HOME", filepath.Join(t.TempDir(), "cache"))
	w := &world{t: t, challenges: map[string]string{}, nonces: map[string]string{}, refresh: map[string]bool{}, lifetime: time.Hour, roleMode: true}
	w.front = httptest.NewUnstartedServer(nil)
	tokens, err := issuer.Listen(t.Context(), "127.0.0.1:0", issuer.Options{ClientID: "minio"})
	if err != nil {
		t.Fatal(err)
	}
	w.tokens = tokens
	t.Cleanup(func() { _ = tokens.Close() })
	w.front.Config.Handler = w.handler()
	w.front.Start()
	t.Cleanup(w.front.Close)
	t.Cleanup(w.browsers.Wait)
	return w
}

// handler is the provider: its own discovery document and endpoints, with the keys of the demo's issuer.
func (w *world) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(rw http.ResponseWriter, _ *http.Request) {
		document := map[string]any{
			"issuer": w.issuer(), "authorization_endpoint": w.front.URL + "/authorize", "token_endpoint": w.front.URL + "/token",
			"device_authorization_endpoint": w.front.URL + "/device", "revocation_endpoint": w.front.URL + "/revoke", "jwks_uri": w.front.URL + "/jwks",
			"id_token_signing_alg_values_supported": []string{"RS256"},
		}
		if w.document != nil {
			w.document(document)
		}
		reply(rw, 200, document)
	})
	mux.HandleFunc("GET /jwks", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		_, _ = rw.Write(w.tokens.JWKS())
	})
	mux.HandleFunc("GET /authorize", w.authorize)
	mux.HandleFunc("POST /token", w.token)
	mux.HandleFunc("POST /device", func(rw http.ResponseWriter, _ *http.Request) {
		if w.device != 0 {
			rw.WriteHeader(w.device)
			return
		}
		reply(rw, 200, map[string]any{"device_code": "dc", "user_code": "1234", "verification_uri": w.front.URL + "/type", "expires_in": 60, "interval": 1})
	})
	mux.HandleFunc("POST /revoke", func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.revoke != 0 && w.revoke != http.StatusOK {
			rw.WriteHeader(w.revoke)
			return
		}
		delete(w.refresh, r.FormValue("token"))
	})
	mux.HandleFunc("POST /{$}", w.assume)
	return mux
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (w *world) issuer() string { return w.front.URL }

// authorize is the login page of a provider at which the person is logged in already.
func (w *world) authorize(rw http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("client_id") != "minio" || q.Get("response_type") != "code" || q.Get("nonce") == "" || q.Get("state") == "" {
		w.t.Errorf("asked without PKCE, state or nonce: %v", q)
	}
	w.mu.Lock()
	w.made++
	code := fmt.Sprintf("code-%d", w.made)
	w.challenges[code], w.nonces[code] = q.Get("code_challenge"), q.Get("nonce")
	w.mu.Unlock()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		w.t.Error(err)
	}
	back.RawQuery = url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
	http.Redirect(rw, r, back.String(), http.StatusFound)
}

func (w *world) token(rw http.ResponseWriter, r *http.Request) {
	if w.elsewhere != "" {
		http.Redirect(rw, r, w.elsewhere, http.StatusTemporaryRedirect)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	nonce := ""
	refuse := func(code string) { reply(rw, 400, map[string]string{"error": code}) }
	switch r.FormValue("grant_type") {
	case "authorization_code":
		code := r.FormValue("code")
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		if want, known := w.challenges[code]; !known || base64.RawURLEncoding.EncodeToString(sum[:]) != want {
			refuse("invalid_grant")
			return
		}
		nonce = w.nonces[code]
		delete(w.challenges, code)
	case "refresh_token":
		if !w.refresh[r.FormValue("refresh_token")] {
			refuse("invalid_grant")
			return
		}
		delete(w.refresh, r.FormValue("refresh_token"))
	case "urn:ietf:params:oauth:grant-type:device_code":
		if w.pending > 0 {
			w.pending--
			refuse("authorization_pending")
			return
		}
		if w.pending < 0 {
			refuse("invalid_grant")
			return
		}
	default:
		refuse("unsupported_grant_type")
		return
	}
	w.made++
	refresh := fmt.Sprintf("refresh-%d", w.made)
	w.refresh[refresh] = true
	claims := map[string]any{
		"iss": w.issuer(), "aud": "minio", "sub": "u-1", "preferred_username": "ada", "groups": []string{"MinIO users"}, "policy": "readwrite, custom",
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	if w.claims != nil {
		w.claims(claims)
	}
	reply(rw, 200, map[string]any{"access_token": "a", "token_type": "Bearer", "expires_in": 300, "refresh_token": refresh, "id_token": w.tokens.Token(claims)})
}

// assume is MinIO's STS.
func (w *world) assume(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = r.ParseForm()
	w.sts = append(w.sts, r.PostForm)
	rw.Header().Set("Content-Type", "application/xml")
	if role := r.PostForm.Get("RoleArn"); !w.roleMode && role != "" {
		rw.WriteHeader(400)
		_, _ = fmt.Fprint(rw, `<ErrorResponse><Error><Code>InvalidParameterValue</Code><Message>Role arn:x does not exist</Message></Error></ErrorResponse>`)
		return
	}
	w.made++
	_, _ = fmt.Fprintf(rw, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AK%d</AccessKeyId><SecretAccessKey>se'cret</SecretAccessKey><SessionToken>%s</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
		w.made, cmp.Or(w.sessionToken, "st"), time.Now().Add(w.lifetime).UTC().Format(time.RFC3339))
}

func (w *world) profile() login.Profile {
	return login.Profile{Issuer: w.issuer(), ClientID: "minio", Endpoint: w.front.URL}
}

// sessionFile returns the path of the only session.
func (w *world) sessionFile() string {
	w.t.Helper()
	found, err := filepath.Glob(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "claimgate", "session-*.json"))
	if err != nil || len(found) != 1 {
		w.t.Fatal(found, err)
	}
	return found[0]
}

// browser opens the address as a person's browser would.
func (w *world) browser(address string) {
	w.browsers.Go(func() {
		resp, err := http.Get(address)
		if err != nil {
			w.t.Error(err)
			return
		}
		_ = resp.Body.Close()
	})
}

func (w *world) login() (*login.Session, error) {
	s, err := login.Login(w.t.Context(), "default", w.profile(), login.How{Port: 0, Open: w.browser})
	if err == nil {
		err = login.Save("default", w.profile())
	}
	return s, err
}

// A login with the browser saves a session in files that others cannot read, and shows no secret.
func TestLogInWithTheBrowser(t *testing.T) {
	w := start(t)
	s, err := w.login()
	if err != nil {
		t.Fatal(err)
	}
	if s.Subject != "u-1" || s.Username != "ada" || strings.Join(s.Groups, ",") != "MinIO users" || strings.Join(s.Policy, ",") != "readwrite,custom" || s.AccessKey == "" {
		t.Errorf("%+v", s.Shown())
	}
	if got := w.sts[0]; got.Get("Action") != "AssumeRoleWithWebIdentity" || got.Get("DurationSeconds") != "28800" || !strings.HasPrefix(got.Get("RoleArn"), "arn:minio:iam:::role/") {
		t.Errorf("asked MinIO %v", got.Get("RoleArn"))
	}
	for _, dir := range []string{os.Getenv("XDG_CONFIG_HOME"), os.Getenv("XDG_CACHE_HOME")} {
		err := filepath.WalkDir(filepath.Join(dir, "claimgate"), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err == nil && info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s has mode %v", path, info.Mode())
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	shown, err := json.Marshal(s.Shown())
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{s.AccessKey, s.SecretKey, s.RefreshToken} {
		if strings.Contains(string(shown), secret) {
			t.Errorf("what is shown holds a secret: %s", shown)
		}
	}
}

// A MinIO whose provider has no role policy is asked without a role.
func TestAMinIOWithoutARole(t *testing.T) {
	w := start(t)
	w.roleMode = false
	if _, err := w.login(); err != nil {
		t.Fatal(err)
	}
	if len(w.sts) != 2 || w.sts[1].Has("RoleArn") {
		t.Errorf("asked %d times", len(w.sts))
	}
}

// An answer with another state, nonce, audience or issuer, or an expired one, is refused.
func TestAnswersOfAnotherLogin(t *testing.T) {
	w := start(t)
	for name, c := range map[string]struct {
		claims func(map[string]any)
		want   string
	}{
		"another nonce":    {func(c map[string]any) { c["nonce"] = "x" }, "another nonce"},
		"no nonce":         {func(c map[string]any) { delete(c, "nonce") }, "another nonce"},
		"another audience": {func(c map[string]any) { c["aud"] = "grafana" }, "the id_token is refused"},
		"another issuer":   {func(c map[string]any) { c["iss"] = "https://evil.example/" }, "the id_token is refused"},
		"expired":          {func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() }, "the id_token is refused"},
	} {
		w.claims = c.claims
		if _, err := w.login(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(w.sts) != 0 {
		t.Error("MinIO was asked with a refused token")
	}
	if _, err := login.Read("default"); err == nil {
		t.Error("a login that failed is kept")
	}

	// A request with another state changes nothing, and the login goes on.
	w.claims = nil
	_, err := login.Login(t.Context(), "default", w.profile(), login.How{Port: 0, Open: func(address string) {
		u, err := url.Parse(address)
		if err != nil {
			t.Error(err)
		}
		resp, err := http.Get(u.Query().Get("redirect_uri") + "?code=stolen&state=x")
		if err != nil {
			t.Error(err)
			return
		}
		if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%d %v", resp.StatusCode, err)
		}
		w.browser(address)
	}})
	if err != nil {
		t.Error(err)
	}
}

// The error of a failed login says why the provider refuses.
func TestTheProviderRefuses(t *testing.T) {
	w := start(t)
	_, err := login.Login(t.Context(), "default", w.profile(), login.How{Port: 0, Open: func(address string) {
		u, _ := url.Parse(address)
		w.browser(u.Query().Get("redirect_uri") + "?" + url.Values{"error": {"access_denied"}, "error_description": {"no"}, "state": {u.Query().Get("state")}}.Encode())
	}})
	if err == nil || !strings.Contains(err.Error(), "access_denied") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err = login.Login(ctx, "default", w.profile(), login.How{Port: 0, Open: func(string) { cancel() }}); err == nil || !strings.Contains(err.Error(), "did not come back") {
		t.Error(err)
	}
}

// Neither the discovery document nor a redirect sends a code or a token to another server.
func TestNothingGoesElsewhere(t *testing.T) {
	w := start(t)
	asked := make(chan struct{}, 1)
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked <- struct{}{} }))
	t.Cleanup(thief.Close)
	for _, endpoint := range []string{"authorization_endpoint", "token_endpoint", "device_authorization_endpoint", "revocation_endpoint"} {
		w.document = func(d map[string]any) { d[endpoint] = "http://127.evil.example/" }
		if _, err := w.login(); err == nil || !strings.Contains(err.Error(), "which is not https") {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
	w.document, w.elsewhere = nil, thief.URL
	if _, err := w.login(); err == nil || !strings.Contains(err.Error(), "the code is refused") {
		t.Error(err)
	}
	if len(asked) > 0 {
		t.Error("the code went elsewhere")
	}
}

// The device grant waits for the person. If it is refused, the error says what to change.
func TestTheDeviceGrant(t *testing.T) {
	w := start(t)
	w.pending = 1
	var code string
	how := login.How{Device: true, Show: func(_, _, c string) { code = c }}
	if s, err := login.Login(t.Context(), "default", w.profile(), how); err != nil || code != "1234" || s.Subject != "u-1" {
		t.Errorf("%v, code %q", err, code)
	}
	for status, want := range map[int]string{404: "device code flow on the brand", 429: "20 an hour", 400: "does not know the client"} {
		w.device = status
		if _, err := login.Login(t.Context(), "default", w.profile(), how); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d: %v", status, err)
		}
	}
	w.device, w.pending = 0, -1
	if _, err := login.Login(t.Context(), "default", w.profile(), how); err == nil || !strings.Contains(err.Error(), "the code has expired") {
		t.Error(err)
	}
}

// Credentials that end soon are renewed, by one process at a time, because a refresh token is valid once.
func TestRenewal(t *testing.T) {
	w := start(t)
	if _, err := w.login(); err != nil {
		t.Fatal(err)
	}
	before, err := login.Current(t.Context(), "default", false, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	soon := before.Expires.Add(-time.Minute)
	var together sync.WaitGroup
	keys := make([]string, 8)
	for i := range keys {
		together.Go(func() {
			now := soon
			s, err := login.Current(context.Background(), "default", false, now)
			if err != nil {
				t.Error(err)
				return
			}
			keys[i] = s.AccessKey
		})
	}
	together.Wait()
	for _, key := range keys {
		if key == before.AccessKey {
			t.Error("credentials that end soon were not renewed")
		}
	}
	fresh, err := login.Current(t.Context(), "default", true, time.Now())
	if err != nil || fresh.AccessKey == before.AccessKey {
		t.Errorf("--refresh: %v", err)
	}

	// If the issuer refuses the refresh token, the credentials stay valid until their end.
	w.mu.Lock()
	clear(w.refresh)
	w.mu.Unlock()
	if s, err := login.Current(t.Context(), "default", false, fresh.Expires.Add(-time.Minute)); err != nil || s.AccessKey != fresh.AccessKey {
		t.Errorf("credentials that count are not given: %v", err)
	}
	if _, err := login.Current(t.Context(), "default", false, fresh.Expires.Add(time.Minute)); err == nil || !strings.Contains(err.Error(), "claimgate login") {
		t.Error(err)
	}
}

// A session ends with the token inside the id_token, if that token ends before the credentials. A token of
// another subject does not count.
func TestASessionEndsWithTheTokenInside(t *testing.T) {
	w := start(t)
	inner := time.Now().Add(20 * time.Minute).Truncate(time.Second)
	for sub, want := range map[string]bool{"u-1": true, "u-2": false} {
		w.claims = func(c map[string]any) {
			c["authentik_token"] = w.tokens.Token(map[string]any{"iss": c["iss"], "sub": sub, "exp": inner.Unix()})
		}
		s, err := w.login()
		if err != nil {
			t.Fatal(err)
		}
		if s.Expires.Equal(inner) != want {
			t.Errorf("a token of %s inside: the session ends at %v", sub, s.Expires)
		}
	}
}

// A session token that is too large for a request is refused. The error names its size and the largest claims.
func TestASessionTokenThatIsTooLarge(t *testing.T) {
	w := start(t)
	w.sessionToken = strings.Repeat("x", 8000)
	w.claims = func(c map[string]any) { c["groups"] = []string{strings.Repeat("g", 3000)} }
	if _, err := w.login(); err == nil || !strings.Contains(err.Error(), "has 8000 bytes") || !strings.Contains(err.Error(), "the largest are groups (3004), ") || strings.Contains(err.Error(), "xxx") {
		t.Error(err)
	}
}

// A renewal that returns another subject is not used.
func TestARenewalForSomebodyElse(t *testing.T) {
	w := start(t)
	s, err := w.login()
	if err != nil {
		t.Fatal(err)
	}
	w.claims = func(c map[string]any) { c["sub"] = "eve" }
	if got, err := login.Current(t.Context(), "default", true, time.Now()); err != nil || got.AccessKey != s.AccessKey {
		t.Errorf("%v", err)
	}
	if got, err := login.Read("default"); err != nil || got.Subject != "u-1" {
		t.Errorf("%v", err)
	}
}

// A saved profile is checked at each use: an endpoint or issuer that was edited to plain http gets no secret, and an issuer
// other than the session's gets no refresh token of the session.
func TestAProfileThatWasEdited(t *testing.T) {
	for want, edit := range map[string]func(*login.Profile){
		"is plain http":              func(p *login.Profile) { p.Endpoint = "http://s3.example.invalid" },
		"\"http://i.example.invalid": func(p *login.Profile) { p.Issuer = "http://i.example.invalid" },
		"is missing":                 func(p *login.Profile) { p.Endpoint = "" },
		"MinIO takes 15m":            func(p *login.Profile) { p.Duration = "1m" },
		"is a login at":              nil,
	} {
		w := start(t)
		other := start(t)
		if _, err := w.login(); err != nil {
			t.Fatal(err)
		}
		tokens, renewals := len(w.refresh), len(w.sts)
		p := w.profile()
		if edit == nil {
			p = other.profile()
			other.refresh = map[string]bool{"refresh-2": true}
		} else {
			edit(&p)
		}
		if err := login.Save("default", p); err != nil {
			t.Fatal(err)
		}
		if _, err := login.Current(t.Context(), "default", true, time.Now()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: renewed, with %v", want, err)
		}
		_, err := login.Logout(t.Context(), "default")
		if p.Issuer == w.profile().Issuer { // the refresh token ends there, whatever else was edited
			if tokens--; err != nil {
				t.Errorf("%s: logged out, with %v", want, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), "is a login at") || !strings.Contains(err.Error(), "the session is forgotten here") {
			t.Errorf("%s: logged out, with %v", want, err)
		}
		if len(w.refresh) != tokens || len(w.sts) != renewals || len(other.sts) != 0 || edit == nil && len(other.refresh) != 1 {
			t.Errorf("%s: somebody was asked", want)
		}
	}
}

// The error of Logout says what happened to the session here, and at the issuer.
func TestALogoutThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		kept    bool // the session's file cannot be removed
		status  int  // of the revocation endpoint
		want    []string
		without []string
	}{
		"the file stays":                 {true, 200, []string{"the session is still on this machine", "directory not empty"}, []string{"forgotten", "issuer"}},
		"the issuer refuses":             {false, 503, []string{"the session is forgotten here", "the issuer refuses to end it: 503"}, []string{"still"}},
		"the issuer sends elsewhere":     {false, 307, []string{"the session is forgotten here", "the issuer refuses to end it: 307"}, []string{"still"}},
		"the file stays, and it refuses": {true, 503, []string{"the session is still on this machine", "the issuer refuses to end it: 503"}, []string{"forgotten"}},
	} {
		w := start(t)
		if _, err := w.login(); err != nil {
			t.Fatal(err)
		}
		w.revoke = c.status
		file := w.sessionFile()
		w.document = func(map[string]any) {
			if !c.kept {
				return
			}
			if err := errors.Join(os.Remove(file), os.MkdirAll(filepath.Join(file, "full"), 0o700)); err != nil {
				t.Error(err)
			}
		}
		_, err := login.Logout(t.Context(), "default")
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, text := range c.want {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v\nlacks %q", name, err, text)
			}
		}
		for _, text := range c.without {
			if strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v\nsays %q", name, err, text)
			}
		}
	}
}

// Logout forgets the session and revokes the refresh token.
func TestLogout(t *testing.T) {
	w := start(t)
	if _, err := login.Logout(t.Context(), "default"); err == nil {
		t.Error("somebody who is not logged in was logged out")
	}
	if _, err := w.login(); err != nil {
		t.Fatal(err)
	}
	if _, err := login.Logout(t.Context(), "default"); err != nil {
		t.Fatal(err)
	}
	if _, err := login.Read("default"); err == nil || len(w.refresh) != 0 {
		t.Errorf("the session is still there: %v, %d refresh tokens count", err, len(w.refresh))
	}
}

// Each format is the one that its client reads.
func TestFormats(t *testing.T) {
	s := &login.Session{
		Profile: "my lab", Endpoint: "https://s3.example.com:9000", AccessKey: "AK", SecretKey: "it's", SessionToken: "st", Expires: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	for format, want := range map[string]string{
		"process": "{\n  \"AccessKeyId\": \"AK\",\n  \"Expiration\": \"2027-01-01T00:00:00Z\",\n  \"SecretAccessKey\": \"it's\",\n  \"SessionToken\": \"st\",\n  \"Version\": 1\n}\n",
		"env":     "export AWS_ACCESS_KEY_ID='AK'\nexport AWS_SECRET_ACCESS_KEY='it'\\''s'\nexport AWS_SESSION_TOKEN='st'\nexport AWS_ENDPOINT_URL_S3='https://s3.example.com:9000'\n",
		"mc":      "export MC_HOST_my_lab='https://AK:it'\\''s:st@s3.example.com:9000'\n",
	} {
		var b bytes.Buffer
		if err := login.Write(&b, format, s); err != nil || b.String() != want {
			t.Errorf("%s: %v\n%s", format, err, b.String())
		}
	}
	if login.Write(&bytes.Buffer{}, "xml", s) == nil {
		t.Error("an unknown format is written")
	}
}

// A profile with a wrong setting is refused before any request.
func TestProfilesThatCannotWork(t *testing.T) {
	good := login.Profile{Issuer: "https://i.example/", ClientID: "c", Endpoint: "https://s3.example"}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*login.Profile){
		"--issuer is missing":              func(p *login.Profile) { p.Issuer = "" },
		"is not a URL":                     func(p *login.Profile) { p.Endpoint = "s3.example" },
		"127.evil.example\" is plain http": func(p *login.Profile) { p.Issuer = "http://127.evil.example" },
		"plain http":                       func(p *login.Profile) { p.Issuer = "http://i.example/" },
		"--client-id is missing":           func(p *login.Profile) { p.ClientID = "" },
		"MinIO takes 15m":                  func(p *login.Profile) { p.Duration = "1m" },
	} {
		p := good
		change(&p)
		if err := p.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
