package config

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/claimgate/claimgate/internal/pemfile"
	"github.com/claimgate/claimgate/internal/utf8text"
)

// readFiles reads the files that keys name, so that an unusable file stops the start.
func (l *loader) readFiles() {
	s := &l.config.Server
	s.inline = len(s.CallerTokens)
	for i := range s.CallerTokens {
		if message := badCallerToken(string(s.CallerTokens[i])); message != "" {
			l.report(codeBadValue, &s.CallerTokens[i], message, "write the whole value of MINIO_POLICY_PLUGIN_AUTH_TOKEN")
		}
	}
	if s.CallerTokensFile != "" {
		tokens, err := ReadCallerTokens(s.CallerTokensFile)
		if err != nil {
			l.report(codeFile, &s.CallerTokensFile, reason(err), "write one token on each line, each the whole value of MINIO_POLICY_PLUGIN_AUTH_TOKEN")
		}
		s.CallerTokens = append(s.CallerTokens, tokens...)
	}
	if s.TLSCert != "" && s.TLSKey != "" {
		if _, err := pemfile.KeyPair(s.TLSCert, s.TLSKey); err != nil {
			l.report(codeFile, &s.TLSCert, "certificate and key cannot be used: "+reason(err), "name a PEM certificate and its PEM key")
		}
	}
	if s.ClientCA != "" {
		l.checkCA(&s.ClientCA)
	}
	for i := range l.config.Issuers {
		issuer := &l.config.Issuers[i]
		if issuer.CAFile != "" {
			l.checkCA(&issuer.CAFile)
		}
		if in := &issuer.Introspection; in.ClientSecretFile != "" {
			in.ClientSecret = l.readSecret(&in.ClientSecretFile)
		}
	}
	if r := &l.config.Revocation; r.PasswordFile != "" {
		if password := l.readSecret(&r.PasswordFile); password != "" {
			r.Password = password
		}
	}
	if r := &l.config.Revocation; r.CAFile != "" {
		l.checkCA(&r.CAFile)
	}
	if l.config.Mapping.File == "" {
		l.report(codeBadValue, &l.config.Mapping.File, "the mapping has no file name", "name the mapping, such as mapping.toml")
	}
	if l.config.Audit.Output == "" {
		l.report(codeBadValue, &l.config.Audit.Output, "the value is empty", `write "stdout", "stderr", a file, or "off" for no decision log`)
	}
}

// RereadCallerTokens reads the file of caller tokens again, for a rotation without a restart. It returns the
// tokens of caller_tokens and of the file. After an error the caller keeps the old tokens.
func (s Server) RereadCallerTokens() ([]Secret, error) {
	tokens := slices.Clone(s.CallerTokens[:s.inline])
	if s.CallerTokensFile == "" {
		return tokens, nil
	}
	fromFile, err := ReadCallerTokens(s.CallerTokensFile)
	if err != nil {
		return nil, fmt.Errorf("caller tokens: %s: %w", s.CallerTokensFile, err)
	}
	return append(tokens, fromFile...), nil
}

// RereadPassword reads the file of the store's password again, for a rotation without a restart. It returns the
// old password if there is no file, or if the file cannot be read or is empty.
func (r Revocation) RereadPassword() Secret {
	if r.PasswordFile == "" {
		return r.Password
	}
	data, err := readSecretFile(r.PasswordFile)
	if password := cutLineEnding(string(data)); err == nil && password != "" {
		return Secret(password)
	}
	return r.Password
}

// ReadCallerTokens reads a file of whole Authorization values, one on each line. It cuts off the line ending
// and nothing else, because MinIO sends its setting verbatim, inner blanks included. A file without a token is
// an error, because an empty list would let every caller on the loopback in.
func ReadCallerTokens(path string) ([]Secret, error) {
	data, err := readSecretFile(path)
	if err != nil {
		return nil, err
	}
	var tokens []Secret
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		token := cutLineEnding(line)
		if strings.TrimSpace(token) == "" {
			continue
		}
		if message := badCallerToken(token); message != "" {
			return nil, fmt.Errorf("line %d: %s", number, message)
		}
		tokens = append(tokens, Secret(token))
	}
	if len(tokens) == 0 {
		return nil, errors.New("the file holds no token")
	}
	return tokens, nil
}

// readSecretFile reads a file of secrets. It drops a byte order mark, because editors write it. It refuses a
// file in UTF-16 or UTF-32, because its secret would never match.
func readSecretFile(path string) ([]byte, error) {
	data, err := readLimited(path)
	if err != nil {
		return nil, err
	}
	text, err := utf8text.Decode(data)
	if text == nil && err != nil {
		return nil, fmt.Errorf("%w: %s", err, utf8text.Fix)
	}
	return text, nil // a secret may hold bytes that are not UTF-8
}

func cutLineEnding(line string) string {
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
}

// badCallerToken returns why a token can never equal the value of a header, or "". A value has no blanks around
// it and no control characters (RFC 9110 section 5.5).
func badCallerToken(token string) string {
	switch {
	case token == "":
		return "the token is empty"
	case strings.Trim(token, " \t") != token:
		return "the token has a blank before or after it, which HTTP cuts off, so it would never match"
	case strings.ContainsFunc(token, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
		return "the token holds a control character, which an HTTP header cannot hold"
	}
	return ""
}

func (l *loader) readSecret(key *string) Secret {
	data, err := readSecretFile(*key)
	if err != nil {
		l.report(codeFile, key, reason(err), "name a readable file that holds the secret and nothing else")
		return ""
	}
	secret := cutLineEnding(string(data))
	switch {
	case secret == "":
		l.report(codeFile, key, "the file is empty", "write the secret into it")
	case strings.ContainsAny(secret, "\r\n"):
		l.report(codeFile, key, "the file holds more than one line", "write the secret into it and nothing else")
	}
	return Secret(secret)
}

func (l *loader) checkCA(key *string) {
	data, err := readSecretFile(*key) // limited, and without a byte order mark
	switch {
	case err != nil:
		l.report(codeFile, key, reason(err), "name a readable file of PEM certificates")
	case !x509.NewCertPool().AppendCertsFromPEM(data):
		l.report(codeFile, key, "the file holds no PEM certificate", "name a file of PEM certificates")
	}
}

// reason returns the text of an error, in plain words if the file does not exist or may not be read.
func reason(err error) string {
	switch path, ok := errors.AsType[*fs.PathError](err); {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file" + named(path, ok)
	case errors.Is(err, fs.ErrPermission):
		return "the file may not be read" + named(path, ok)
	default:
		return err.Error()
	}
}

func named(err *fs.PathError, ok bool) string {
	if !ok {
		return ""
	}
	return ": " + err.Path
}
