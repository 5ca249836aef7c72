package login

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"golang.org/x/oauth2"

	"github.com/claimgate/claimgate/e2e/internal/person"
)

// A client sends the token of a provider that nobody here wrote in a header. claimgate verifies the token with every
// request and binds it to the session: the token of somebody else is denied. A new key of the provider counts at once,
// a token whose key is gone is denied, and the end of the session at the provider ends access.
func TestTokensOfOtherProviders(t *testing.T) {
	for _, p := range []provider{dex(), hydra(), glewlwyd(), zitadel()} {
		t.Run(p.name, func(t *testing.T) {
			w := startWith(t, p, nil)
			browser := person.New(t)
			alice := w.tokens(browser, "alice")
			session := w.session(alice.ID)
			w.expect(session, alice.ID, "policy_allow")
			w.expect(session, "", "no_token")

			nobody := w.tokens(person.New(t), "nobody")
			w.expect(session, nobody.ID, "token_binding")
			w.expect(w.session(nobody.ID), nobody.ID, "no_policy")

			if p.end != nil {
				if err := browser.Visit(alice.endSession+"?id_token_hint="+url.QueryEscape(alice.ID), p.end...); err != nil {
					t.Fatal(err)
				}
				w.until("the logout has come", func() bool { return w.reason(session, alice.ID) == "token_revoked" })
			}
			if p.rotate != nil {
				before := w.tokens(person.New(t), "alice")
				p.rotate(w)
				after := w.tokens(person.New(t), "alice")
				if kid(t, before.ID) == kid(t, after.ID) {
					t.Fatal("the provider signs with the same key")
				}
				later := w.session(after.ID)
				w.expect(later, after.ID, "policy_allow")
				w.expect(later, before.ID, "token_unknown_key")
			}
		})
	}
}

// The provider is asked whether an access token still counts. A token that the provider has revoked is denied.
func TestIntrospectionAtOtherProviders(t *testing.T) {
	for _, p := range []provider{hydra()} {
		t.Run(p.name, func(t *testing.T) {
			w := startWith(t, p, p.introspection)
			alice := w.tokens(person.New(t), "alice")
			session := w.session(alice.ID)
			w.expect(session, alice.Access, "policy_allow")
			alice.revoke(w)
			w.until("the revoked token is denied", func() bool { return w.reason(session, alice.Access) == "token_revoked" })
		})
	}
}

// tokens are those of one login.
type tokens struct{ ID, Access, endSession, revocation string }

// tokens logs somebody in by the code flow with PKCE, as a client that the provider knows.
func (w *world) tokens(browser *person.Person, who string) tokens {
	w.Helper()
	var d struct {
		Scopes     []string `json:"scopes_supported"`
		Auth       string   `json:"authorization_endpoint"`
		Token      string   `json:"token_endpoint"`
		EndSession string   `json:"end_session_endpoint"`
		Revocation string   `json:"revocation_endpoint"`
	}
	w.get(strings.TrimSuffix(w.issuer, "/")+"/.well-known/openid-configuration", &d)
	listener, err := net.Listen("tcp", "127.0.0.1:18252")
	if err != nil {
		w.Fatal(err)
	}
	codes := make(chan url.Values, 1)
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/callback" {
			codes <- r.URL.Query()
			_, _ = io.WriteString(rw, "The code is here")
		}
	})}
	go func() { _ = server.Serve(listener) }()
	defer func() { _ = server.Close() }()

	config := oauth2.Config{
		ClientID: "minio", RedirectURL: "http://127.0.0.1:18252/callback", Scopes: []string{"openid"},
		Endpoint: oauth2.Endpoint{AuthURL: d.Auth, TokenURL: d.Token, AuthStyle: oauth2.AuthStyleInParams},
	}
	for _, scope := range []string{"profile", "groups"} {
		if slices.Contains(d.Scopes, scope) {
			config.Scopes = append(config.Scopes, scope)
		}
	}
	verifier, state := oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	page := config.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("nonce", oauth2.GenerateVerifier()))
	if err := browser.Visit(page, append(w.p.login(who), person.Reads("The code is here"))...); err != nil {
		w.Fatal(err)
	}
	answer := <-codes
	if answer.Get("state") != state {
		w.Fatalf("the provider's answer is of another login: %v", answer.Get("error"))
	}
	token, err := config.Exchange(w.Context(), answer.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		w.Fatal(err)
	}
	id, _ := token.Extra("id_token").(string)
	return tokens{ID: id, Access: token.AccessToken, endSession: d.EndSession, revocation: d.Revocation}
}

// revoke ends the access token (RFC 7009).
func (t tokens) revoke(w *world) {
	w.Helper()
	resp, err := http.PostForm(t.revocation, url.Values{"token": {t.Access}, "client_id": {"minio"}})
	if err != nil {
		w.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		w.Fatalf("the provider answers %s to the revocation", resp.Status)
	}
}

// session makes credentials of MinIO's from an id_token.
func (w *world) session(idToken string) *credentials.Credentials {
	sum := sha1.Sum([]byte("minio")) // MinIO names a role so
	return credentials.New(&credentials.STSWebIdentity{
		STSEndpoint: w.minio, RoleARN: "arn:minio:iam:::role/" + base64.RawURLEncoding.EncodeToString(sum[:]),
		GetWebIDTokenExpiry: func() (*credentials.WebIdentityToken, error) {
			return &credentials.WebIdentityToken{Token: idToken, Expiry: 3600}, nil
		},
	})
}

// header sends a token with every request.
type header struct{ token string }

func (h header) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if h.token != "" {
		r.Header.Set("X-Authentik-Jwt", h.token)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// reason reads an object with the session and the token, and returns the reason of claimgate's decision.
func (w *world) reason(session *credentials.Credentials, token string) string {
	w.Helper()
	client, err := minio.New(strings.TrimPrefix(w.minio, "http://"), &minio.Options{Creds: session, Transport: header{token}, Region: "us-east-1"})
	if err != nil {
		w.Fatal(err)
	}
	object, err := client.GetObject(w.Context(), "reports", "answer.txt", minio.GetObjectOptions{})
	if err != nil {
		w.Fatal(err)
	}
	text, err := io.ReadAll(object)
	_ = object.Close()
	line := w.lastRead()
	switch {
	case line.Allow && (err != nil || string(text) != content):
		w.Fatalf("%s, and the answer is %q, %v", line.Reason, text, err)
	case !line.Allow && (err == nil || !denied.MatchString(err.Error())):
		w.Fatalf("%s, and the answer is %q, %v", line.Reason, text, err)
	}
	return line.Reason
}

func (w *world) expect(session *credentials.Credentials, token, reason string) {
	w.Helper()
	if got := w.reason(session, token); got != reason {
		w.Fatalf("the reason is %s, not %s", got, reason)
	}
}

// decision holds members of a line of the decision log.
type decision struct {
	Action string `json:"action"`
	Allow  bool   `json:"allow"`
	Reason string `json:"reason"`
}

// lastRead returns the last decision about s3:GetObject. For one GET, MinIO also asks whether the answer may show the
// object's retention and legal hold.
func (w *world) lastRead() decision {
	w.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, "decisions.jsonl"))
	if err != nil {
		w.Fatal(err)
	}
	for _, line := range slices.Backward(bytes.Split(bytes.TrimSpace(text), []byte("\n"))) {
		var d decision
		if err := json.Unmarshal(line, &d); err != nil {
			w.Fatal(err)
		}
		if d.Action == "s3:GetObject" {
			return d
		}
	}
	w.Fatal("there is no decision about s3:GetObject")
	return decision{}
}

// get reads a JSON document.
func (w *world) get(address string, into any) {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		w.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		w.Fatal(err)
	}
}

// kid returns the name of the key that a token was signed with.
func kid(t *testing.T, token string) string {
	t.Helper()
	head, _, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		t.Fatal(err)
	}
	var h struct {
		Kid string `json:"kid"`
	}
	if err := json.Unmarshal(text, &h); err != nil {
		t.Fatal(err)
	}
	return h.Kid
}
