package config_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/claimgate/claimgate/app/config"
)

const canary = "c4n4ry-of-a-secret"

func TestSecretsNeverPrint(t *testing.T) {
	secretFile := write(t, "secret", canary+"\n")
	c := mustLoad(t, write(t, "config.toml", `
[server]
caller_tokens = ["Bearer `+canary+`"]
caller_tokens_file = "`+secretFile+`"
[[issuer]]
url = "https://a.example/"
audiences = ["a"]
introspection = { client_id = "c", client_secret_file = "`+secretFile+`" }
[revocation]
store = "redis://user:`+canary+`@127.0.0.1/0"
`))
	if len(c.Server.CallerTokens) != 2 || string(c.Issuers[0].Introspection.ClientSecret) != canary || string(c.Revocation.Password) != canary {
		t.Fatal("the secrets were not read")
	}
	if c.Revocation.Store != "redis://user@127.0.0.1/0" {
		t.Errorf("store is %q", c.Revocation.Store)
	}
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	forms := []string{string(asJSON)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		forms = append(forms, fmt.Sprintf(verb, c), fmt.Sprintf(verb, *c), fmt.Sprintf(verb, c.Server.CallerTokens), fmt.Sprintf(verb, c.Revocation.Password))
	}
	for _, form := range forms {
		if strings.Contains(form, canary) || strings.Contains(form, fmt.Sprintf("%x", canary)) {
			t.Errorf("a secret is printed: %s", strings.ReplaceAll(form, canary, "<canary>"))
		}
	}
	if got := fmt.Sprint(config.Secret("")); got != "" {
		t.Errorf("an absent secret prints as %q", got)
	}
}

func TestCallerTokensFileIsVerbatim(t *testing.T) {
	tests := []struct {
		name, content string
		want          []config.Secret
		err           string
	}{
		{"inner blanks, commas and quotes are kept", "Bearer  two blanks\n\"a\",b\n", []config.Secret{"Bearer  two blanks", `"a",b`}, ""},
		{"Windows line endings, blank lines, no last newline", "one\r\n\r\n \t\ntwo", []config.Secret{"one", "two"}, ""},
		{"a hash starts no comment", "# token\n", []config.Secret{"# token"}, ""},
		{"empty", "", nil, "the file holds no token"},
		{"blank lines only", "\n\r\n  \n", nil, "the file holds no token"},
		{"a blank at the end", "one\ntwo \n", nil, "line 2: the token has a blank"},
		{"a control character", "one\ntw\x01o\n", nil, "line 2: the token holds a control character"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, "tokens", tt.content)
			got, err := config.ReadCallerTokens(path)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
			c, findings := config.Load("", append([]string{"CLAIMGATE_SERVER_CALLER_TOKENS_FILE=" + path}, oneIssuer...))
			if (c == nil) != (tt.err != "") {
				t.Errorf("as a setting: %v", findings)
			}
		})
	}
}

func TestCallerTokensRotateWithoutRestart(t *testing.T) {
	path := write(t, "tokens", "old token, old token\n")
	c := mustLoad(t, "", append([]string{"CLAIMGATE_SERVER_CALLER_TOKENS=inline inline inline", "CLAIMGATE_SERVER_CALLER_TOKENS_FILE=" + path}, oneIssuer...)...)
	if diff := cmp.Diff([]config.Secret{"inline inline inline", "old token, old token"}, c.Server.CallerTokens); diff != "" {
		t.Fatal(diff)
	}
	if err := os.WriteFile(path, []byte("new token\nold token, old token\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := c.Server.RereadCallerTokens()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]config.Secret{"inline inline inline", "new token", "old token, old token"}, got); diff != "" {
		t.Error(diff)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Server.RereadCallerTokens(); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("an emptied file was taken: %v", err)
	}
	c.Server.CallerTokensFile = ""
	if got, err := c.Server.RereadCallerTokens(); err != nil || len(got) != 1 {
		t.Errorf("without a file: %v, %v", got, err)
	}
}

func TestSecretFilesHoldOneLine(t *testing.T) {
	for content, want := range map[string]string{
		"":              "the file is empty",
		"\n":            "the file is empty",
		"a\nb\n":        "the file holds more than one line",
		canary + "\n\n": "the file holds more than one line",
	} {
		path := write(t, "secret", content)
		_, findings := config.Load("", append([]string{
			"CLAIMGATE_REVOCATION_STORE=rediss://a", "CLAIMGATE_REVOCATION_PASSWORD_FILE=" + path,
		}, oneIssuer...))
		failures := errorsOf(findings)
		if len(failures) != 1 || failures[0].Code != "C007" || !strings.Contains(failures[0].Message, want) {
			t.Errorf("%q: %v", strings.ReplaceAll(content, canary, "..."), failures)
		}
	}
}

func TestTwoPasswordsOfTheStore(t *testing.T) {
	path := write(t, "secret", canary)
	_, findings := config.Load("", append([]string{
		"CLAIMGATE_REVOCATION_STORE=rediss://:pw@a", "CLAIMGATE_REVOCATION_PASSWORD_FILE=" + path,
	}, oneIssuer...))
	if failures := errorsOf(findings); len(failures) != 1 || failures[0].Code != "C010" {
		t.Errorf("%v", failures)
	}
	c := mustLoad(t, "", append([]string{"CLAIMGATE_REVOCATION_STORE=rediss://:pw@a:6379/1"}, oneIssuer...)...)
	if c.Revocation.Store != "rediss://a:6379/1" || string(c.Revocation.Password) != "pw" {
		t.Errorf("store %s", c.Revocation.Store)
	}
}

func TestCertificatesAreRead(t *testing.T) {
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile := filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem")
	for path, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := append([]string{"CLAIMGATE_SERVER_TLS_CERT=" + certFile, "CLAIMGATE_SERVER_TLS_KEY=" + keyFile, "CLAIMGATE_ISSUER_0_CA_FILE=" + certFile}, oneIssuer...)
	mustLoad(t, "", env...)
	env[1] = "CLAIMGATE_SERVER_TLS_KEY=" + certFile
	if c, _ := config.Load("", env); c != nil {
		t.Error("a certificate was taken for a key")
	}
}
