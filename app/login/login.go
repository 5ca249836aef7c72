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
	Device bool                                 // the device grant instead of a browser on this machine
	Port   int                                  // of the callback; -1: 18250 to 18252, 0: any free port
	Open   func(address string)                 // shows the address of the login page
	Show   func(address, withCode, code string) // shows the device page, its address with the code (or ""), and the code
	Warn   func(text string)                    // receives what is missing after the login; may be nil
}

// loginTimeout bounds the time that a person takes to log in.
const loginTimeout = 10 * time.Minute

// Login logs somebody in, saves the session of the profile name, and returns the session. It fails after 10
// minutes without a login. It does not save p: see Save.
func Login(ctx context.Context, name string, p Profile, how How) (*Session, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, loginTimeout)
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
		for _, text := range loginWarnings(token) {
			how.Warn(text)
		}
		if s.Unsealed != "" {
			how.Warn(s.Unsealed)
		}
	}
	return s, err
}

// loginWarnings returns a warning for each thing that a successful login lacks.
func loginWarnings(token *oauth2.Token) []string {
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

// session verifies the issuer's answer, exchanges its id_token for MinIO's credentials, and saves the session.
// The subject of the answer must be subject, unless subject is empty.
func (d *provider) session(ctx context.Context, name string, token *oauth2.Token, nonce, subject string) (*Session, error) {
	idToken, id, err := d.check(ctx, token, nonce)
	if err != nil {
		return nil, err
	}
	if subject != "" && subject != id.Subject {
		return nil, errors.New("the issuer returned another subject")
	}
	c, err := exchange(ctx, d.client, d.p, idToken)
	if err != nil {
		return nil, err
	}
	s := &Session{
		Profile: name, Issuer: d.p.Issuer, Subject: id.Subject, Username: id.Username, Groups: append([]string{}, id.Groups...), Policy: policyOf(id),
		ID: id.Session, Endpoint: d.p.Endpoint, Expires: sessionEnd(c.Expires, idToken),
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

// renewBefore is how long before its end a session is renewed.
const renewBefore = 5 * time.Minute

// Current returns the session of a profile, and never asks a person. If the session ends within 5 minutes of now,
// or if renew is true, Current renews the session with the refresh token first. A renewal with a profile that Check
// refuses, or that names another issuer, is an error.
func Current(ctx context.Context, name string, renew bool, now time.Time) (*Session, error) {
	var s *Session
	err := locked(name, func() (err error) {
		if s, err = Read(name); err != nil || !renew && s.Expires.Sub(now) > renewBefore {
			return err
		}
		s, err = renewed(ctx, name, s, now)
		return err
	})
	return s, err
}

// renewed renews a session with the refresh token. If that fails, it returns the old session until its end.
func renewed(ctx context.Context, name string, s *Session, now time.Time) (*Session, error) {
	fail := func(err error) (*Session, error) {
		if now.Before(s.Expires) {
			return s, nil
		}
		return nil, fmt.Errorf("the session has ended (%w): claimgate login", err)
	}
	if s.RefreshToken == "" {
		return fail(errors.New("the issuer gave no refresh token: ask for the scope offline_access"))
	}
	p, err := profileFor(name, s)
	if err != nil {
		return nil, err
	}
	d, err := discover(ctx, p)
	if err != nil {
		return fail(err)
	}
	token, err := d.oauth("").TokenSource(d.withClient(ctx), &oauth2.Token{RefreshToken: s.RefreshToken}).Token()
	if err != nil {
		return fail(hideSecrets(err))
	}
	if token.RefreshToken != s.RefreshToken { // save the new one first: the old one is used up
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

// Logout revokes the refresh token at the issuer, and forgets the session even if the issuer cannot be told. page
// is the issuer's page that ends the session of the browser, or "". The error says what happened in both places.
func Logout(ctx context.Context, name string) (page string, err error) {
	err = locked(name, func() error {
		s, err := Read(name)
		if err != nil {
			return err
		}
		var atIssuer error
		page, atIssuer = endAtIssuer(ctx, name, s)
		here := Forget(name)
		switch {
		case here != nil && atIssuer != nil:
			return fmt.Errorf("the session is still on this machine (%w), and %w", here, atIssuer)
		case here != nil:
			return fmt.Errorf("the session is still on this machine: %w", here)
		case atIssuer != nil:
			return fmt.Errorf("the session is forgotten here, and %w", atIssuer)
		}
		return nil
	})
	return page, err
}

// endAtIssuer revokes the refresh token of a session, and returns the page that ends the session of the browser, or "".
func endAtIssuer(ctx context.Context, name string, s *Session) (page string, err error) {
	p, err := Load(name)
	if err == nil {
		err = p.checkIssuer(s) // another fault of the profile must not keep the refresh token alive
	}
	if err != nil {
		return "", fmt.Errorf("the issuer was not told: %w", err)
	}
	d, err := discover(ctx, &p)
	if err != nil {
		return "", fmt.Errorf("the issuer was not told: %w", err)
	}
	return d.EndSession, d.revoke(ctx, s.RefreshToken)
}

// profileFor returns the saved profile to use with the secrets of a session. It checks the profile, because somebody may
// have edited the file since the login. The refresh token is for the issuer of the session only.
func profileFor(name string, s *Session) (*Profile, error) {
	p, err := Load(name)
	if err != nil {
		return nil, err
	}
	if err := p.Check(); err != nil {
		return nil, err
	}
	if err := p.checkIssuer(s); err != nil { // after Check, so that an error is one line
		return nil, err
	}
	return &p, nil
}

// checkIssuer returns an error unless the profile's issuer is that of the session, with https or on this machine.
func (p *Profile) checkIssuer(s *Session) error {
	switch {
	case p.Issuer != s.Issuer:
		return fmt.Errorf("the session is a login at %q, and --issuer of the profile is %q now: claimgate login", s.Issuer, p.Issuer)
	case !isSecure(p.Issuer):
		return fmt.Errorf("--issuer %q is plain http, so anybody on the network could read the refresh token", p.Issuer)
	}
	return nil
}

// revoke revokes a refresh token (RFC 7009), if the issuer has an endpoint for that.
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
		return fmt.Errorf("the issuer was not told: %w", err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode/100 != 2 { // RFC 7009 section 2.2; a redirect is not followed
		return fmt.Errorf("the issuer refuses to end it: %s", resp.Status)
	}
	return nil
}
