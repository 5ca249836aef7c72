package jwks_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/idp"
	"github.com/claimgate/claimgate/internal/testsupport/verified"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/jwks"
)

func withSnapshot(file string) func(*verifier.Options) {
	return func(o *verifier.Options) { o.Issuers[0].SnapshotFile = file }
}

// After a restart during an outage, the keys of the snapshot verify at once. They are used
// no longer than without the restart.
func TestRestartDuringAnOutage(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	file := filepath.Join(t.TempDir(), "jwks.json")
	notices := make(chan jwks.NoticeKind, 10_000)
	verified.Bubble(t, func(t *testing.T, i *idp.Issuer, v *verifier.Verifier) {
		fetched := v.States()[0].Fetched
		time.Sleep(23 * time.Hour)
		v.Close()
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("snapshot %v, error %v", info, err)
		}
		if left, _ := filepath.Glob(filepath.Dir(file) + "/.*"); left != nil {
			t.Errorf("left behind: %s", left)
		}

		i.Fail(idp.Fault{Dial: idp.Drops})
		last := v.States()[0].Fetched // before v was closed
		if !last.After(fetched) {
			t.Fatal("the snapshot was never refreshed")
		}
		time.Sleep(23 * time.Hour)
		v = verified.Start(t, i, withSnapshot(file), func(o *verifier.Options) {
			o.Notify = func(n jwks.Notice) { notices <- n.Kind }
		})
		start := time.Now()
		verified.Decide(t, v, one.Token(idp.IDClaims(start)), "")
		if took := time.Since(start); took != 0 || !v.Ready() {
			t.Errorf("the first token after the restart took %s, ready %v", took, v.Ready())
		}
		if got := <-notices; got != jwks.SnapshotLoaded {
			t.Errorf("notice %s", got)
		}
		time.Sleep(time.Until(last.Add(24 * time.Hour)))
		verified.Decide(t, v, one.Token(idp.IDClaims(time.Now())), "")
		time.Sleep(time.Second)
		verified.Decide(t, v, one.Token(idp.IDClaims(time.Now())), verifier.KeysUnavailable)
	}, withSnapshot(file))
}

// A key that was replaced while the verifier was down verifies until the first fetch, and
// no longer.
func TestSnapshotGivesWayToTheIssuer(t *testing.T) {
	one, two := idp.RSAKey(0, idp.KidOne), idp.RSAKey(1, idp.KidTwo)
	file := filepath.Join(t.TempDir(), "jwks.json")
	verified.Bubble(t, func(t *testing.T, i *idp.Issuer, v *verifier.Verifier) {
		v.Close()
		i.Publish(idp.JWKSOf(two))
		v = verified.Start(t, i, withSnapshot(file))
		synctest.Wait()
		verified.Decide(t, v, one.Token(idp.IDClaims(time.Now())), verifier.UnknownKey)
		verified.Decide(t, v, two.Token(idp.IDClaims(time.Now())), "")
		v.Close()
		var snap jwks.Snapshot
		data, err := os.ReadFile(file)
		if err != nil || json.Unmarshal(data, &snap) != nil || !strings.Contains(string(snap.JWKS), idp.KidTwo) {
			t.Errorf("the snapshot does not hold the new key: %v", err)
		}
	}, withSnapshot(file))
}

func TestSnapshotsThatDoNotCount(t *testing.T) {
	one := idp.RSAKey(0, idp.KidOne)
	good := jwks.Snapshot{jwks.SnapshotVersion, idp.URL, idp.Now.Add(-time.Hour), idp.JWKSOf(one)}
	with := func(f func(*jwks.Snapshot)) []byte {
		s := good
		f(&s)
		return idp.JSON(s)
	}
	for _, c := range []struct {
		name string
		make func(file string) error
		want string // part of the warning; "" if the snapshot is used, "none" if it is not used without a warning
	}{
		{"a good one", file(idp.JSON(good), 0o600), ""},
		{"with a byte order mark", file(append([]byte("\ufeff"), idp.JSON(good)...), 0o600), ""},
		{"in UTF-16", file([]byte("\xff\xfe{\x00}\x00"), 0o600), "UTF-16"},
		{"read by others", file(idp.JSON(good), 0o644), ""},
		{"from an hour less than max_stale ago", file(with(func(s *jwks.Snapshot) { s.Fetched = idp.Now.Add(-23 * time.Hour) }), 0o600), ""},
		{"from ten minutes ahead", file(with(func(s *jwks.Snapshot) { s.Fetched = idp.Now.Add(10 * time.Minute) }), 0o600), ""},
		{"written by its group", file(idp.JSON(good), 0o620), "chmod 600"},
		{"written by all", file(idp.JSON(good), 0o602), "chmod 600"},
		{"empty", file(nil, 0o600), "damaged"},
		{"cut off", file(idp.JSON(good)[:100], 0o600), "damaged"},
		{"another version", file(with(func(s *jwks.Snapshot) { s.Version = 2 }), 0o600), "version 2"},
		{"of another issuer", file(with(func(s *jwks.Snapshot) { s.Issuer = "https://auth.example/" }), 0o600), "belongs to"},
		{"from the future", file(with(func(s *jwks.Snapshot) { s.Fetched = idp.Now.Add(11 * time.Minute) }), 0o600), "in the future"},
		{"older than max_stale", file(with(func(s *jwks.Snapshot) { s.Fetched = idp.Now.Add(-25 * time.Hour) }), 0o600), "older than max_stale"},
		{"without a time", file([]byte(`{"version":1,"issuer":"`+idp.URL+`","jwks":`+string(idp.JWKSOf(one))+`}`), 0o600), "older than max_stale"},
		{"without keys", file(with(func(s *jwks.Snapshot) { s.JWKS = []byte(`{}`) }), 0o600), `no "keys"`},
		{"too large", file(make([]byte, 2*jwks.MaxAnswer+1), 0o600), "larger than a key set"},
		{"a directory", func(file string) error { return os.Mkdir(file, 0o700) }, "is not a regular file"},
		{"a pipe", func(file string) error { return syscall.Mkfifo(file, 0o600) }, "is not a regular file"},
		{"a file that can't be read", func(file string) error { return os.Symlink("/proc/self/mem", file) }, "input/output error"},
		{"a link to nothing", func(file string) error { return os.Symlink("nothing", file) }, "none"},
		{"in a file as if it were a directory", func(file string) error { return os.Symlink("/dev/null/jwks", file) }, "not a directory"},
		{"none yet, as on the first start", func(string) error { return nil }, "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "jwks.json")
			if err := c.make(path); err != nil {
				t.Fatal(err)
			}
			var got []jwks.Notice
			o := verifier.Options{
				Issuers: []verifier.Issuer{verified.Issuer()}, Now: func() time.Time { return idp.Now }, Dial: down,
				Notify: func(n jwks.Notice) { got = append(got, n) },
			}
			withSnapshot(path)(&o)
			v, err := verifier.New(o)
			if err != nil {
				t.Fatal(err)
			}
			defer v.Close()
			switch {
			case c.want == "none":
				if len(got) != 0 || v.Ready() {
					t.Errorf("notices %v, ready %v", got, v.Ready())
				}
			case len(got) != 1 || (got[0].Kind == jwks.SnapshotLoaded) != (c.want == "") || v.Ready() != (c.want == ""):
				t.Errorf("notices %v, ready %v", got, v.Ready())
			case c.want != "" && !strings.Contains(got[0].Err.Error(), c.want):
				t.Errorf("warning %q, want %q", got[0].Err, c.want)
			}
			want := verifier.KeysUnavailable
			if c.want == "" {
				want = ""
			}
			_, err = v.Verify(t.Context(), one.Token(idp.IDClaims(idp.Now)), verifier.Presented{})
			verified.WantReason(t, err, want)
		})
	}
}

func file(data []byte, mode os.FileMode) func(string) error {
	return func(name string) error {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			return err
		}
		return os.Chmod(name, mode)
	}
}
