package revocation

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
	"github.com/claimgate/claimgate/internal/testsupport/verified"
	"github.com/claimgate/claimgate/verifier"
)

// bubble is verified.Bubble with a verifier of logout tokens.
func bubble(t *testing.T, f func(t *testing.T, i *idp.Issuer, v *verifier.Verifier, l *LogoutVerifier), adjust ...func(*verifier.Options)) {
	t.Helper()
	verified.Bubble(t, func(t *testing.T, i *idp.Issuer, v *verifier.Verifier) { f(t, i, v, NewLogoutVerifier(v, nil)) }, adjust...)
}

// offline returns a verifier at idp.Now that has set as its key set, from a snapshot.
func offline(t *testing.T, set []byte) (*verifier.Verifier, *LogoutVerifier) {
	t.Helper()
	c := verified.Issuer()
	c.SnapshotFile = filepath.Join(t.TempDir(), "jwks.json")
	snapshot := idp.JSON(map[string]any{"version": 1, "issuer": c.URL, "fetched": idp.Now, "jwks": json.RawMessage(set)})
	if err := os.WriteFile(c.SnapshotFile, snapshot, 0o600); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return idp.Now }
	v, err := verifier.New(verifier.Options{
		Issuers: []verifier.Issuer{c}, Now: now,
		Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("down") },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v, NewLogoutVerifier(v, now)
}
