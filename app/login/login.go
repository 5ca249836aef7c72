package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/claimgate/claimgate/verifier"
	"golang.org/x/oauth2"
)

// How says how somebody logs in.
type How struct {
	Device bool
	Port   int                               // of the callback; -1: the usual ones, 0: any
	Open   func(address string)              // shows the address to log in at
	Show   func(address, whole, code string) // shows where to type the code
	Warn   func(text string)                 // says what will not work; may be nil
}

// patience is how long a person may take.
const patience = 10 * time.Minute

// Login logs somebody in, keeps the session, and returns it.
func Login(ctx context.Context, name string, p Profile, how How) (*Session, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	d, err := discover(ctx, &p)
	if err != nil {
		return nil, err
	}
	var token *oauth2.Token
	nonce := ""
	if how.Device {
		token, err = device(ctx, d, how.Show)
	} else {
		token, nonce, err = browse(ctx, d, how.Port, how.Open)
	}
	if err != nil {
		return nil, err
	}
	var s *Session
	err = locked(name, func() error {
		s, err = d.session(ctx, name, token, nonce, "")
		return err
	})
	if err == nil && how.Warn != nil {
		for _, text := range missing(token) {
			how.Warn(text)
		}
	}
	return s, err
}

// missing says what a login lacks that works otherwise.
func missing(token *oauth2.Token) []string {
	var list []string
	idToken, _ := token.Extra("id_token").(string) // check has verified it
	if len(innerTokens(idToken)) == 0 {
		list = append(list, "the id_token holds no token for claimgate, which will deny as no_token unless it takes MinIO's claims on trust: add the scope mapping of docs/quickstart.md (Authentik: the scope minio) to the provider")
	}
	if token.RefreshToken == "" {
		list = append(list, "the issuer gave no refresh token, so nothing renews the session: give the provider the scope offline_access")
	}
	return list
}

// session exchanges the answer of the issuer for MinIO's credentials, and keeps them. A subject that is not
// empty must be the one of the answer.
func (d *provider) session(ctx context.Context, name string, token *oauth2.Token, nonce, subject string) (*Session, error) {
	idToken, id, err := d.check(ctx, token, nonce)
	if err != nil {
		return nil, err
	}
	if subject != "" && subject != id.Subject {
		return nil, errors.New("the issuer speaks of somebody else now")
	}
	c, err := exchange(ctx, d.client, d.p, idToken)
	if err != nil {
		return nil, err
	}
	s := &Session{
		Profile: name, Issuer: d.p.Issuer, Subject: id.Subject, Username: id.Username, Groups: append([]string{}, id.Groups...), Policy: policyOf(id),
		ID: id.Session, Endpoint: d.p.Endpoint, Expires: ends(c.Expires, idToken),
		AccessKey: c.AccessKey, SecretKey: c.SecretKey, SessionToken: c.SessionToken, RefreshToken: token.RefreshToken,
	}
	return s, s.save()
}

func policyOf(id *verifier.Identity) []string {
	list := []string{}
	values, _ := id.Claim("policy")
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
	}
	return list
}

// early is how long before their end credentials are renewed.
const early = 5 * time.Minute

// Current returns the session of a profile. A session that ends soon is renewed with the refresh token, and
// so is one with renew. Nobody is asked.
func Current(ctx context.Context, name string, renew bool, now time.Time) (*Session, error) {
	var s *Session
	err := locked(name, func() (err error) {
		if s, err = Read(name); err != nil || !renew && s.Expires.Sub(now) > early {
			return err
		}
		s, err = renewed(ctx, name, s, now)
		return err
	})
	return s, err
}

// renewed logs in again with the refresh token. If that fails, credentials that have not ended count on.
func renewed(ctx context.Context, name string, s *Session, now time.Time) (*Session, error) {
	fail := func(err error) (*Session, error) {
		if now.Before(s.Expires) {
			return s, nil
		}
		return nil, fmt.Errorf("the session has ended (%w): claimgate login", err)
	}
	p, err := Load(name)
	if err != nil {
		return nil, err
	}
	if s.RefreshToken == "" {
		return fail(errors.New("the issuer gave no refresh token: ask for the scope offline_access"))
	}
	d, err := discover(ctx, &p)
	if err != nil {
		return fail(err)
	}
	token, err := d.oauth("").TokenSource(d.with(ctx), &oauth2.Token{RefreshToken: s.RefreshToken}).Token()
	if err != nil {
		return fail(hideSecrets(err))
	}
	if token.RefreshToken != s.RefreshToken { // the old one is used up: keep the new one whatever follows
		s.RefreshToken = token.RefreshToken
		if err := s.save(); err != nil {
			return nil, err
		}
	}
	fresh, err := d.session(ctx, name, token, "", s.Subject)
	if err != nil {
		return fail(err)
	}
	return fresh, nil
}

// Logout ends the session at the issuer, as far as the issuer lets itself be told, and forgets the session.
// The page is where a browser ends its own session at the issuer; empty where there is none.
func Logout(ctx context.Context, name string) (page string, err error) {
	err = locked(name, func() error {
		s, err := Read(name)
		if err != nil {
			return err
		}
		d, told := providerOf(ctx, name)
		if told == nil {
			page, told = d.EndSession, d.revoke(ctx, s.RefreshToken)
		}
		return errors.Join(Forget(name), told)
	})
	return page, err
}

func providerOf(ctx context.Context, name string) (*provider, error) {
	p, err := Load(name)
	if err != nil {
		return nil, err
	}
	d, err := discover(ctx, &p)
	if err != nil {
		return nil, fmt.Errorf("the session is forgotten here, and the issuer was not told: %w", err)
	}
	return d, nil
}

// revoke ends a refresh token (RFC 7009).
func (d *provider) revoke(ctx context.Context, refresh string) error {
	if d.Revocation == "" || refresh == "" {
		return nil
	}
	form := url.Values{"token": {refresh}, "token_type_hint": {"refresh_token"}, "client_id": {d.p.ClientID}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.Revocation, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := d.client.Do(req)
	if err != nil {
		return fmt.Errorf("the session is forgotten here, and the issuer was not told: %w", err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("the session is forgotten here, and the issuer answers %s to its end", resp.Status)
	}
	return nil
}
