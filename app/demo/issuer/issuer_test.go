package issuer_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"

	"github.com/claimgate/claimgate/app/demo/issuer"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func start(t *testing.T, o issuer.Options) *issuer.Server {
	t.Helper()
	if o.Clock == nil {
		o.Clock = func() time.Time { return noon }
	}
	s, err := issuer.Listen(t.Context(), "127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func fetch(t *testing.T, address string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return do(t, req)
}

func do(t *testing.T, req *http.Request) (int, []byte) {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, body
}

// verified verifies the token by the key set, with a library that shares no code with the signer, and returns the
// claims.
func verified(t *testing.T, keys []byte, token string) map[string]any {
	t.Helper()
	set, err := jwk.Parse(keys)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := jws.Verify([]byte(token), jws.WithKeySet(set, jws.WithRequireKid(true)))
	if err != nil {
		t.Fatalf("the key set does not verify the token: %v", err)
	}
	return decode(t, payload)
}

func verifies(keys []byte, token string) bool {
	set, err := jwk.Parse(keys)
	if err != nil {
		return false
	}
	_, err = jws.Verify([]byte(token), jws.WithKeySet(set))
	return err == nil
}

func decode(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return m
}

func header(t *testing.T, token string) map[string]any {
	t.Helper()
	first, _, _ := strings.Cut(token, ".")
	data, err := base64.RawURLEncoding.DecodeString(first)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, data)
}

func user(t *testing.T, s *issuer.Server, name string) issuer.User {
	t.Helper()
	u, ok := s.User(name)
	if !ok {
		t.Fatalf("no user %q", name)
	}
	return u
}

func TestDiscoveryNamesTheIssuerAndItsKeys(t *testing.T) {
	s := start(t, issuer.Options{})
	status, body := fetch(t, s.URL()+".well-known/openid-configuration")
	if status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	doc := decode(t, body)
	if doc["issuer"] != s.URL() {
		t.Errorf("issuer is %v, want %q byte for byte", doc["issuer"], s.URL())
	}
	status, keys := fetch(t, doc["jwks_uri"].(string))
	if status != http.StatusOK {
		t.Fatalf("status %d of the key set", status)
	}
	if diff := cmp.Diff(string(s.JWKS()), string(keys)); diff != "" {
		t.Errorf("key set (-method +HTTP):\n%s", diff)
	}
	if want := strings.Replace(s.URL(), "/minio/", "/token/", 1); doc["token_endpoint"] != want {
		t.Errorf("token endpoint is %v, want %s beside the application", doc["token_endpoint"], want)
	}
}

func TestKeySetIsShapedLikeAuthentiks(t *testing.T) {
	s := start(t, issuer.Options{})
	keys := decode(t, s.JWKS())["keys"].([]any)
	if len(keys) != 1 {
		t.Fatalf("%d keys, want the current one only", len(keys))
	}
	key := keys[0].(map[string]any)
	for name, want := range map[string]any{"kty": "RSA", "use": "sig", "alg": "RS256", "e": "AQAB", "kid": s.KeyID()} {
		if key[name] != want {
			t.Errorf("%s is %v, want %v", name, key[name], want)
		}
	}
	if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(s.KeyID()) {
		t.Errorf("kid %q is not 32 hex digits", s.KeyID())
	}
	for _, name := range []string{"x5c", "x5t", "x5t#S256", "n"} {
		if key[name] == nil {
			t.Errorf("no member %s", name)
		}
	}
}

func TestTokensOfALogin(t *testing.T) {
	s := start(t, issuer.Options{})
	alice := user(t, s, "alice")
	id := verified(t, s.JWKS(), s.IDToken(alice))
	access := verified(t, s.JWKS(), s.AccessToken(alice))

	inner := verified(t, s.JWKS(), id["authentik_token"].(string))
	if diff := cmp.Diff(map[string]any{
		"iss": s.URL(), "sub": alice.Subject, "aud": "minio",
		"iat": float64(noon.Unix()), "exp": float64(noon.Add(8 * time.Hour).Unix()),
		"preferred_username": "alice", "groups": []any{"MinIO users"}, "policy": "readwrite",
	}, inner); diff != "" {
		t.Errorf("inner token (-want +got):\n%s", diff)
	}
	for _, claims := range []map[string]any{id, access} {
		if claims["sub"] != inner["sub"] || claims["iss"] != inner["iss"] {
			t.Error("the inner token names another subject or issuer than the one it rides in")
		}
		if sid, _ := claims["sid"].(string); !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(sid) {
			t.Errorf("sid %q is not 64 hex digits", sid)
		}
		if claims["exp"] != float64(noon.Add(time.Hour).Unix()) {
			t.Errorf("exp is %v, want one hour after iat", claims["exp"])
		}
		if claims["nbf"] != nil {
			t.Error("Authentik never sets nbf")
		}
	}
	for _, name := range []string{"azp", "uid", "scope"} {
		if id[name] != nil || access[name] == nil {
			t.Errorf("%s belongs into the access token only", name)
		}
	}
	if diff := cmp.Diff(map[string]any{"alg": "RS256", "typ": "JWT", "kid": s.KeyID()}, header(t, s.AccessToken(alice))); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
}

func TestPolicyClaimHasTheShapesOfTheGuide(t *testing.T) {
	s := start(t, issuer.Options{})
	for _, tc := range []struct {
		policies []string
		want     any
	}{
		{nil, nil},
		{[]string{"readwrite"}, "readwrite"},
		{[]string{"readonly", "own"}, []any{"readonly", "own"}},
	} {
		u := issuer.User{Name: "u", Subject: "s", Policies: tc.policies}
		claims := verified(t, s.JWKS(), s.IDToken(u))
		if diff := cmp.Diff(tc.want, claims["policy"]); diff != "" {
			t.Errorf("policy of %v (-want +got):\n%s", tc.policies, diff)
		}
		if groups, ok := claims["groups"].([]any); !ok || len(groups) != 0 {
			t.Errorf("groups of a user without groups is %v, want an empty list", claims["groups"])
		}
	}
}

func TestSessionsHaveTheirOwnSid(t *testing.T) {
	s := start(t, issuer.Options{})
	alice := user(t, s, "alice")
	first := s.IDClaims(alice, issuer.WithSession("one"))["sid"]
	second := s.IDClaims(alice, issuer.WithSession("two"))["sid"]
	if first == second || first != s.IDClaims(alice, issuer.WithSession("one"))["sid"] {
		t.Errorf("sid %v and %v", first, second)
	}
}

func TestRotationIsAHardCut(t *testing.T) {
	s := start(t, issuer.Options{})
	alice := user(t, s, "alice")
	before, kid := s.IDToken(alice), s.KeyID()
	if err := s.RotateKey(); err != nil {
		t.Fatal(err)
	}
	if s.KeyID() == kid {
		t.Error("kid stayed")
	}
	if verifies(s.JWKS(), before) {
		t.Error("the old key is still published")
	}
	verified(t, s.JWKS(), s.IDToken(alice))
}

func TestReplacingInPlaceKeepsTheKid(t *testing.T) {
	s := start(t, issuer.Options{})
	alice := user(t, s, "alice")
	before, kid := s.IDToken(alice), s.KeyID()
	if err := s.ReplaceKeyInPlace(); err != nil {
		t.Fatal(err)
	}
	if s.KeyID() != kid {
		t.Error("kid changed")
	}
	if verifies(s.JWKS(), before) {
		t.Error("the old key still verifies")
	}
	verified(t, s.JWKS(), s.IDToken(alice))
}

func TestAKeyOutlivesARestart(t *testing.T) {
	first := start(t, issuer.Options{})
	text, err := first.EncodeKey()
	if err != nil {
		t.Fatal(err)
	}
	private, err := issuer.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	second := start(t, issuer.Options{Key: private})
	if first.KeyID() != second.KeyID() {
		t.Error("the same key got another kid")
	}
	verified(t, second.JWKS(), first.IDToken(user(t, first, "alice")))
}

func TestParseKeyRefusesWhatIsNoKey(t *testing.T) {
	for _, text := range []string{"", "hello", "-----BEGIN PRIVATE KEY-----\naGVsbG8=\n-----END PRIVATE KEY-----\n"} {
		if _, err := issuer.ParseKey([]byte(text)); err == nil {
			t.Errorf("%q was taken for a key", text)
		}
	}
}

func TestTokenSignsWhatItIsTold(t *testing.T) {
	s := start(t, issuer.Options{})
	token := s.Token(map[string]any{"a": 1}, issuer.WithHeader("typ", "logout+jwt"), issuer.WithHeader("kid", nil))
	if diff := cmp.Diff(map[string]any{"alg": "RS256", "typ": "logout+jwt"}, header(t, token)); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	token = s.Token(map[string]any{"a": 1}, issuer.WithSecret([]byte("secret")))
	if diff := cmp.Diff(map[string]any{"alg": "HS256", "typ": "JWT"}, header(t, token)); diff != "" {
		t.Errorf("header of a provider without a signing key (-want +got):\n%s", diff)
	}
}

func TestNewRefusesURLsThatNoAuthentikHas(t *testing.T) {
	for _, address := range []string{"", "issuer", "http://issuer/application/o/minio", "http://issuer/a/?b=c", "http://issuer/a/#f", "://"} {
		if _, err := issuer.New(issuer.Options{URL: address}); err == nil {
			t.Errorf("%q was taken for an issuer URL", address)
		}
	}
}

func tokenRequest(t *testing.T, s *issuer.Server, form url.Values) (int, map[string]any) {
	t.Helper()
	address := strings.Replace(s.URL(), "/minio/", "/token/", 1)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, body := do(t, req)
	return status, decode(t, body)
}

func machineForm(changes map[string]string) url.Values {
	form := url.Values{
		"grant_type": {"client_credentials"},
		"client_id":  {"minio"},
		"username":   {"rhea"},
		"password":   {"rhea-app-password"},
		"scope":      {issuer.AllScopes},
	}
	for name, value := range changes {
		form.Set(name, value)
	}
	return form
}

func TestTokenEndpointGivesMachineTokens(t *testing.T) {
	s := start(t, issuer.Options{Lifetime: 10 * time.Minute})
	for _, grant := range []string{"client_credentials", "password"} {
		status, answer := tokenRequest(t, s, machineForm(map[string]string{"grant_type": grant}))
		if status != http.StatusOK || answer["token_type"] != "Bearer" || answer["expires_in"] != 600.0 {
			t.Fatalf("%s: status %d, %v", grant, status, answer)
		}
		id := verified(t, s.JWKS(), answer["id_token"].(string))
		access := verified(t, s.JWKS(), answer["access_token"].(string))
		if id["policy"] != "readonly" || access["policy"] != "readonly" {
			t.Errorf("%s: policy %v and %v", grant, id["policy"], access["policy"])
		}
		if access["azp"] != "minio" || access["jti"] != id["jti"] {
			t.Errorf("%s: azp %v, jti %v and %v", grant, access["azp"], access["jti"], id["jti"])
		}
		for _, name := range []string{"sid", "amr", "nonce"} {
			if id[name] != nil || access[name] != nil {
				t.Errorf("%s: a machine token has no %s", grant, name)
			}
		}
	}
}

// The token inside the token has its own lifetime, because MinIO's session has its own, too.
func TestTheInnerTokenHasItsOwnLifetime(t *testing.T) {
	s := start(t, issuer.Options{EvidenceLifetime: 20 * time.Minute})
	user, _ := s.User("rhea")
	id := verified(t, s.JWKS(), s.IDToken(user))
	inner := verified(t, s.JWKS(), id["authentik_token"].(string))
	lasts := func(claims map[string]any) float64 { return claims["exp"].(float64) - claims["iat"].(float64) }
	if lasts(inner) != 1200 || lasts(id) != 3600 {
		t.Errorf("the inner token lasts %v s and the outer %v s, want 1200 and 3600", lasts(inner), lasts(id))
	}
}

func TestOnlyTheScopesAskedForBringClaims(t *testing.T) {
	s := start(t, issuer.Options{})
	for _, tc := range []struct {
		scope         string
		present, gone []string
	}{
		{"", []string{"iss", "sub"}, []string{"email", "groups", "preferred_username", "policy", "authentik_token"}},
		{"openid email", []string{"email", "email_verified"}, []string{"groups", "policy"}},
		{"profile", []string{"groups", "preferred_username"}, []string{"email", "policy", "authentik_token"}},
		{"minio", []string{"policy", "authentik_token"}, []string{"groups", "email"}},
	} {
		_, answer := tokenRequest(t, s, machineForm(map[string]string{"scope": tc.scope}))
		claims := verified(t, s.JWKS(), answer["id_token"].(string))
		for _, name := range tc.present {
			if _, ok := claims[name]; !ok {
				t.Errorf("scope %q: no %s", tc.scope, name)
			}
		}
		for _, name := range tc.gone {
			if _, ok := claims[name]; ok {
				t.Errorf("scope %q: %s without its scope", tc.scope, name)
			}
		}
	}
}

func TestTokenEndpointRefuses(t *testing.T) {
	s := start(t, issuer.Options{Users: append(issuer.DefaultUsers(), issuer.User{Name: "locked"})})
	for name, tc := range map[string]struct {
		changes map[string]string
		want    string
	}{
		"a wrong app password":        {map[string]string{"password": "rhea"}, "invalid_grant"},
		"an unknown user":             {map[string]string{"username": "eve"}, "invalid_grant"},
		"a user without app password": {map[string]string{"username": "locked", "password": ""}, "invalid_grant"},
		"another client":              {map[string]string{"client_id": "grafana"}, "invalid_client"},
		"a code that nobody got":      {map[string]string{"grant_type": "authorization_code"}, "invalid_grant"},
		"an unknown grant":            {map[string]string{"grant_type": "implicit"}, "unsupported_grant_type"},
	} {
		status, answer := tokenRequest(t, s, machineForm(tc.changes))
		if status != http.StatusBadRequest || answer["error"] != tc.want || answer["access_token"] != nil {
			t.Errorf("%s: status %d, error %v, want 400 %s and no token", name, status, answer["error"], tc.want)
		}
	}
}

func TestOtherPathsAreNotFound(t *testing.T) {
	s := start(t, issuer.Options{})
	for _, address := range []string{
		strings.Replace(s.URL(), "/minio/", "/other/", 1) + "jwks/",
		s.URL() + "jwks/more",
		strings.Replace(s.URL(), "/minio/", "/userinfo/", 1),
	} {
		if status, _ := fetch(t, address); status != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", address, status)
		}
	}
}
