package login

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/claimgate/claimgate/internal/pemfile"
	"github.com/claimgate/claimgate/verifier"
	"golang.org/x/oauth2"
)

// provider is the issuer with the values of its discovery document.
type provider struct {
	p      *Profile
	client *http.Client

	Issuer     string `json:"issuer"`
	Auth       string `json:"authorization_endpoint"`
	Token      string `json:"token_endpoint"`
	Device     string `json:"device_authorization_endpoint"`
	Revocation string `json:"revocation_endpoint"`
	EndSession string `json:"end_session_endpoint"`

	Scopes     []string `json:"scopes_supported"`
	Grants     []string `json:"grant_types_supported"`
	Challenges []string `json:"code_challenge_methods_supported"`
	SendsIss   bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207
}

// maxAnswer bounds an answer, in bytes.
const maxAnswer = 1 << 20

// isSecure returns true if nobody on the network can read the traffic: https, or http on the loopback interface.
func isSecure(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()))
}

// noRedirect refuses redirects, because a 307 would send a refresh token or an id_token to another server.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func httpClient(p *Profile) (*http.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone() // with the proxies of the environment
	if p.CAFile != "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if err := pemfile.Append(pool, p.CAFile); err != nil {
			return nil, fmt.Errorf("--ca-file: %w", err)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &http.Client{Transport: transport, Timeout: 30 * time.Second, CheckRedirect: noRedirect}, nil
}

// discover reads the issuer's discovery document (OpenID Connect Discovery 1.0, section 4).
func discover(ctx context.Context, p *Profile) (*provider, error) {
	client, err := httpClient(p)
	if err != nil {
		return nil, err
	}
	d := &provider{p: p, client: client}
	address := strings.TrimSuffix(p.Issuer, "/") + "/.well-known/openid-configuration"
	if err := d.get(ctx, address, d); err != nil {
		return nil, fmt.Errorf("the issuer's discovery document cannot be read: %w", err)
	}
	switch {
	case d.Issuer != p.Issuer:
		return nil, fmt.Errorf("--issuer is %q, and the issuer calls itself %q: write the latter, byte for byte", p.Issuer, d.Issuer)
	case d.Auth == "" || d.Token == "":
		return nil, errors.New("the issuer's discovery document names no authorization or token endpoint")
	}
	for _, address := range []string{d.Auth, d.Token, d.Device, d.Revocation} {
		if address != "" && !isSecure(address) {
			return nil, fmt.Errorf("the issuer's discovery document names %q, which is not https: somebody on the network could read the login", address)
		}
	}
	return d, nil
}

func (d *provider) get(ctx context.Context, address string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", address, resp.Status)
	}
	return json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(into)
}

func (d *provider) oauth(redirect string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: d.p.ClientID, RedirectURL: redirect, Scopes: d.p.scopes(d.Scopes),
		// A public client has no secret, so its ID goes into the body.
		Endpoint: oauth2.Endpoint{AuthURL: d.Auth, TokenURL: d.Token, DeviceAuthURL: d.Device, AuthStyle: oauth2.AuthStyleInParams},
	}
}

// withClient returns a context with which the oauth2 library uses the provider's HTTP client.
func (d *provider) withClient(ctx context.Context) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, d.client)
}

// check verifies the id_token of an answer as the gateway does, and its nonce unless nonce is empty.
func (d *provider) check(ctx context.Context, token *oauth2.Token, nonce string) (string, *verifier.Identity, error) {
	idToken, _ := token.Extra("id_token").(string)
	if idToken == "" {
		return "", nil, errors.New("the issuer gave no id_token: ask for the scope openid")
	}
	v, err := verifier.New(verifier.Options{Issuers: []verifier.Issuer{{
		Name: "login", URL: d.p.Issuer, Audiences: []string{d.p.ClientID}, Algorithms: []string{"RS256", "ES256", "ES384", "ES512", "EdDSA", "PS256"},
		CAFile: d.p.CAFile, UsernameClaim: "preferred_username", Leeway: time.Minute, MaxLifetime: 8760 * time.Hour,
		Refresh: time.Hour, RefetchCooldown: time.Second, MaxStale: time.Hour,
	}}})
	if err != nil {
		return "", nil, err
	}
	defer v.Close()
	v.Start()
	id, err := v.Verify(ctx, idToken, verifier.Presented{By: "login"})
	for wait := 0; err != nil && wait < 50; wait++ { // wait for the first fetch of the keys
		var refused *verifier.Error
		if !errors.As(err, &refused) || refused.Reason != verifier.KeysUnavailable {
			break
		}
		select {
		case <-ctx.Done():
			return "", nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
		id, err = v.Verify(ctx, idToken, verifier.Presented{By: "login"})
	}
	if err != nil {
		return "", nil, fmt.Errorf("the id_token is refused: %w", err)
	}
	if values, _ := id.Claim("nonce"); nonce != "" && (len(values) != 1 || values[0] != nonce) {
		return "", nil, errors.New("the id_token has another nonce and does not belong to this login")
	}
	return idToken, id, nil
}
