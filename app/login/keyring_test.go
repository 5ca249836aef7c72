//go:build linux

package login_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/login"
	"github.com/godbus/dbus/v5"
	"github.com/zalando/go-keyring"
)

// If the keyring is locked or does not answer, the session is saved with mode 0600 in clear, and one warning says so and
// what to do. A machine without a keyring is not warned, and a keyring that works seals the file.
func TestAKeyringThatDoesNotSeal(t *testing.T) {
	silent := filepath.Join(t.TempDir(), "bus")
	l, err := new(net.ListenConfig).Listen(t.Context(), "unix", silent)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	for _, c := range []struct {
		name   string
		use    func()
		bus    string
		want   string // in the warning; "": no warning
		sealed bool
	}{
		{"a bus without a keyring's socket", func() {}, filepath.Join(t.TempDir(), "none"), "", false},
		{"a keyring that does not answer", func() {}, silent, "does not answer", false}, // before the keyrings of the tests
		{"a locked keyring", func() { keyring.MockInitWithError(errors.New("failed to unlock correct collection")) }, silent, "failed to unlock", false},
		{"a bus without a keyring", func() {
			keyring.MockInitWithError(dbus.Error{Name: "org.freedesktop.DBus.Error.ServiceUnknown", Body: []any{"no such name"}})
		}, silent, "", false},
		{"a keyring", keyring.MockInit, silent, "", true},
	} {
		w := start(t)
		c.use()
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+c.bus)
		w.claims = func(claims map[string]any) {
			claims["authentik_token"] = w.tokens.Token(map[string]any{"iss": w.issuer(), "sub": "u-1"})
		}
		var warned []string
		s, err := login.Login(t.Context(), "default", w.profile(), login.How{Port: 0, Open: w.browser, Warn: func(text string) { warned = append(warned, text) }})
		if err == nil {
			err = login.Save("default", w.profile())
		}
		if err != nil {
			t.Fatal(err)
		}
		check := func(what string, s *login.Session) {
			t.Helper()
			text, err := os.ReadFile(w.sessionFile())
			if err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(w.sessionFile())
			if err != nil || info.Mode().Perm() != 0o600 || strings.Contains(string(text), s.AccessKey) == c.sealed {
				t.Errorf("%s, %s: sealed %v, mode %v, %v", c.name, what, !strings.Contains(string(text), s.AccessKey), info.Mode(), err)
			}
			if c.want == "" {
				if s.Unsealed != "" {
					t.Errorf("%s, %s: %s", c.name, what, s.Unsealed)
				}
				return
			}
			if !strings.Contains(s.Unsealed, c.want) || !strings.Contains(s.Unsealed, "is not sealed") || !strings.Contains(s.Unsealed, "claimgate login") || strings.Contains(s.Unsealed, "\n") {
				t.Errorf("%s, %s: warned %q", c.name, what, s.Unsealed)
			}
			for _, secret := range []string{s.AccessKey, s.SecretKey, s.RefreshToken} {
				if strings.Contains(s.Unsealed, secret) {
					t.Errorf("%s: the warning holds a secret", c.name)
				}
			}
		}
		check("login", s)
		if c.want != "" && (len(warned) != 1 || warned[0] != s.Unsealed) || c.want == "" && len(warned) != 0 {
			t.Errorf("%s: warned %q", c.name, warned)
		}
		if c.want == "does not answer" {
			continue // a renewal would wait for the keyring, too
		}
		fresh, err := login.Current(t.Context(), "default", true, time.Now())
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		check("renewal", fresh)
	}
}
