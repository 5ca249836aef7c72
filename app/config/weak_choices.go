package config

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/claimgate/claimgate/internal/finding"
)

// checkWeakChoices warns of choices that weaken the gate. They are allowed, but nobody should make them
// unknowingly.
func (l *loader) checkWeakChoices() {
	c := l.config
	l.checkWeakServer()
	for i := range c.Issuers {
		l.checkWeakIssuer(&c.Issuers[i])
	}
	for i := range c.Evidence.Keys {
		l.checkEvidenceKey(&c.Evidence.Keys[i])
	}
	e := &c.Evidence
	if e.StaticCredentials == "any" {
		l.warn(codeStaticAny, &e.StaticCredentials, "a valid token lets its holder use any static MinIO key",
			`write "match", so that the token must name the account`)
	}
	if e.WithoutToken == "claims" {
		l.warn(codeWithoutToken, &e.WithoutToken, "without a token the claims that MinIO sends are accepted, and no signature is checked",
			`write "deny" once every session carries a token`)
	}
	if e.ServiceAccountMaxAge > 0 {
		l.warn(codeOldAccessKeys, &e.ServiceAccountMaxAge, "access keys made from a session are accepted after their token has expired, with the groups that it held",
			"keep it as short as the jobs need")
	}
	if c.Audit.Output == "off" {
		l.warn(codeAuditLoss, &c.Audit.Output, "no decision is written, not even denials", `write "stdout" or a file`)
	} else if c.Audit.Allow != "all" {
		l.warn(codeAuditLoss, &c.Audit.Allow, "not every allow is written", `write "all" if each access must be accounted for`)
	}
	if c.Audit.OnFailure == "continue" && c.Audit.Output != "off" {
		l.warn(codeAuditLoss, &c.Audit.OnFailure, "while the decision log cannot be written, requests are allowed that it does not show", `write "deny" if each access must be accounted for`)
	}
	if u, err := url.Parse(c.Revocation.Store); err == nil && u.Scheme == "redis" && !loopback(u.Hostname()) {
		l.warn(codeStoreCleartext, &c.Revocation.Store, "revocations travel unencrypted, and an attacker on the network can drop them", "use rediss://")
	}
}

func (l *loader) checkWeakServer() {
	s, a := &l.config.Server, &l.config.Admin
	host, _, _ := net.SplitHostPort(s.Listen)
	if len(s.CallerTokens) == 0 && s.CallerTokensFile == "" {
		message := "there is no caller token, so every process on this machine is served"
		if !loopback(host) && !l.hasError(&s.Listen) {
			message += ", and a MinIO elsewhere is refused"
		}
		l.warn(codeNoCallerTokens, &s.CallerTokens, message, "set server.caller_tokens_file, and MINIO_POLICY_PLUGIN_AUTH_TOKEN to the same value")
	}
	for i, token := range s.CallerTokens {
		if token == "" || len(token) >= 16 {
			continue
		}
		key := any(&s.CallerTokens)
		if i >= s.inline {
			key = &s.CallerTokensFile
		}
		l.warn(codeWeakCallerToken, key, "a caller token is shorter than 16 characters", "make one with: openssl rand -hex 32")
	}
	if s.TLSCert == "" && !loopback(host) {
		l.warn(codeCleartext, &s.Listen, "the listener accepts plain http from the network: the tokens in requests can be read on the way",
			"set server.tls_cert and server.tls_key, or put a TLS proxy in front of it")
	}
	if host, _, _ := net.SplitHostPort(a.Listen); !loopback(host) {
		l.warn(codeAdminOpen, &a.Listen, "the admin listener asks for no credentials and is reachable from other machines",
			"listen on 127.0.0.1, or let only the monitoring system reach it")
	}
}

func (l *loader) checkWeakIssuer(i *Issuer) {
	if i.InsecureHTTP {
		l.warn(codeInsecureHTTP, &i.InsecureHTTP, "keys may come over plain http, so an attacker on the network can make valid tokens", "use https and ca_file")
	}
	if i.AllowDelegation {
		l.warn(codeDelegation, &i.AllowDelegation, "tokens that one party holds on behalf of another are accepted", "leave it off unless token exchange is in use")
	}
	if i.Introspection.Enabled() && i.Introspection.OnError == "allow" {
		l.warn(codeFailOpen, &i.Introspection.OnError, "a revoked token is accepted while introspection fails", `write "deny"`)
	}
	if strings.Contains(i.URL, "/application/o/") && !strings.HasSuffix(i.URL, "/") {
		l.warn(codeIssuerSlash, &i.URL, "Authentik's issuer ends with a slash, and iss is compared byte for byte", fmt.Sprintf("write %q", i.URL+"/"))
	}
}

// checkEvidenceKey warns of a key of conditions that MinIO never writes. MinIO writes headers in Go's canonical
// form, claims in lower case, and query parameters as they were sent.
func (l *loader) checkEvidenceKey(key *string) {
	canonical := http.CanonicalHeaderKey(*key)
	if *key == canonical || *key == strings.ToLower(*key) && !strings.Contains(*key, "-") {
		return
	}
	l.warn(codeEvidenceKey, key, fmt.Sprintf("MinIO writes no header or claim as %q", *key),
		fmt.Sprintf("for a header write %q, for a claim %q", canonical, strings.ToLower(*key)))
}

// warn adds a warning about a key, unless an error about the key's value is reported.
func (l *loader) warn(code string, key any, message, fix string) {
	if l.hasError(key) {
		return
	}
	l.add(code, finding.Warning, key, message, fix)
	l.config.warnings = append(l.config.warnings, l.findings[len(l.findings)-1].Message)
}
