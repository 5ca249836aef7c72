package verifier

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func withSnapshot(file string) func(*Options) {
	return func(o *Options) { o.Issuers[0].SnapshotFile = file }
}

// A restart during an outage verifies at once, by the keys of before, and no
// longer than they would have counted without the restart.
func TestRestartDuringAnOutage(t *testing.T) {
	one := rsaKey(0, kidOne)
	file := filepath.Join(t.TempDir(), "jwks.json")
	notices := make(chan NoticeKind, 10_000)
	bubble(t, func(t *testing.T, i *idp, v *Verifier) {
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

		i.suffer(fault{dial: drops})
		last := v.States()[0].Fetched // by v, before it closed
		if !last.After(fetched) {
			t.Fatal("the snapshot was never refreshed")
		}
		time.Sleep(23 * time.Hour)
		v = i.verifier(t, withSnapshot(file), func(o *Options) {
			o.Notify = func(n Notice) { notices <- n.Kind }
		})
		start := time.Now()
		decide(t, v, one.token(idClaims(start)), "")
		if took := time.Since(start); took != 0 || !v.Ready() {
			t.Errorf("the first token after the restart took %s, ready %v", took, v.Ready())
		}
		if got := <-notices; got != SnapshotLoaded {
			t.Errorf("notice %s", got)
		}
		time.Sleep(time.Until(last.Add(24 * time.Hour)))
		decide(t, v, one.token(idClaims(time.Now())), "")
		time.Sleep(time.Second)
		decide(t, v, one.token(idClaims(time.Now())), KeysUnavailable)
	}, withSnapshot(file))
}

// A key that was replaced while the verifier was down verifies until the first
// fetch, and no longer.
func TestSnapshotGivesWayToTheIssuer(t *testing.T) {
	one, two := rsaKey(0, kidOne), rsaKey(1, kidTwo)
	file := filepath.Join(t.TempDir(), "jwks.json")
	bubble(t, func(t *testing.T, i *idp, v *Verifier) {
		v.Close()
		i.publish(jwksOf(two))
		v = i.verifier(t, withSnapshot(file))
		synctest.Wait()
		decide(t, v, one.token(idClaims(time.Now())), UnknownKey)
		decide(t, v, two.token(idClaims(time.Now())), "")
		v.Close()
		var snap snapshot
		data, err := os.ReadFile(file)
		if err != nil || json.Unmarshal(data, &snap) != nil || !strings.Contains(string(snap.JWKS), kidTwo) {
			t.Errorf("the snapshot does not hold the new key: %v", err)
		}
	}, withSnapshot(file))
}

func TestSnapshotsThatDoNotCount(t *testing.T) {
	one := rsaKey(0, kidOne)
	good := snapshot{snapshotVersion, issuerURL, testNow.Add(-time.Hour), jwksOf(one)}
	with := func(f func(*snapshot)) []byte {
		s := good
		f(&s)
		return toJSON(s)
	}
	for _, c := range []struct {
		name string
		make func(file string) error
		want string // part of the warning; "" where it counts
	}{
		{"a good one", file(toJSON(good), 0o600), ""},
		{"read by others", file(toJSON(good), 0o644), ""},
		{"from an hour less than max_stale ago", file(with(func(s *snapshot) { s.Fetched = testNow.Add(-23 * time.Hour) }), 0o600), ""},
		{"from ten minutes ahead", file(with(func(s *snapshot) { s.Fetched = testNow.Add(10 * time.Minute) }), 0o600), ""},
		{"written by its group", file(toJSON(good), 0o620), "chmod 600"},
		{"written by all", file(toJSON(good), 0o602), "chmod 600"},
		{"empty", file(nil, 0o600), "damaged"},
		{"cut off", file(toJSON(good)[:100], 0o600), "damaged"},
		{"another version", file(with(func(s *snapshot) { s.Version = 2 }), 0o600), "version 2"},
		{"of another issuer", file(with(func(s *snapshot) { s.Issuer = "https://auth.example/" }), 0o600), "belongs to"},
		{"from the future", file(with(func(s *snapshot) { s.Fetched = testNow.Add(11 * time.Minute) }), 0o600), "in the future"},
		{"older than max_stale", file(with(func(s *snapshot) { s.Fetched = testNow.Add(-25 * time.Hour) }), 0o600), "older than max_stale"},
		{"without a time", file([]byte(`{"version":1,"issuer":"`+issuerURL+`","jwks":`+string(jwksOf(one))+`}`), 0o600), "older than max_stale"},
		{"without keys", file(with(func(s *snapshot) { s.JWKS = []byte(`{}`) }), 0o600), `no "keys"`},
		{"too large", file(make([]byte, 2*maxKeySetBytes+1), 0o600), "larger than a key set"},
		{"a directory", func(file string) error { return os.Mkdir(file, 0o700) }, "is no file"},
		{"a pipe", func(file string) error { return syscall.Mkfifo(file, 0o600) }, "is no file"},
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
			var got []Notice
			v, err := New(Options{
				Issuers: []Issuer{testIssuerConfig()}, Now: func() time.Time { return testNow },
				Notify: func(n Notice) { got = append(got, n) },
			}.withSnapshot(path))
			if err != nil {
				t.Fatal(err)
			}
			defer v.Close()
			v.order[0].fetch = func(context.Context) (*keySet, error) { return nil, errors.New("down") }
			switch {
			case c.want == "none":
				if len(got) != 0 || v.Ready() {
					t.Errorf("notices %v, ready %v", got, v.Ready())
				}
			case len(got) != 1 || (got[0].Kind == SnapshotLoaded) != (c.want == "") || v.Ready() != (c.want == ""):
				t.Errorf("notices %v, ready %v", got, v.Ready())
			case c.want != "" && !strings.Contains(got[0].Err.Error(), c.want):
				t.Errorf("warning %q, want %q", got[0].Err, c.want)
			}
			want := KeysUnavailable
			if c.want == "" {
				want = ""
			}
			_, err = v.Verify(t.Context(), one.token(idClaims(testNow)), Presented{})
			wantReason(t, err, want)
		})
	}
}

func (o Options) withSnapshot(file string) Options {
	o.Issuers[0].SnapshotFile = file
	return o
}

func file(data []byte, mode os.FileMode) func(string) error {
	return func(name string) error {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			return err
		}
		return os.Chmod(name, mode)
	}
}

// A snapshot that can't be written is told, and hurts nobody.
func TestSnapshotThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "taken", "by a directory"), 0o700); err != nil {
		t.Fatal(err)
	}
	set, err := parseKeySet(jwksOf(rsaKey(0, kidOne)))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "missing", "jwks.json"), filepath.Join(dir, "taken")} {
		var got []Notice
		i := testIssuerConfig()
		i.SnapshotFile = path
		s := &keySource{issuer: &i, notify: func(n Notice) { got = append(got, n) }}
		s.set.Store(set)
		s.snapshot(set)
		if len(got) != 1 || got[0].Kind != SnapshotFailed || got[0].Err == nil {
			t.Errorf("%s: notices %v", path, got)
		}
	}
	if left, _ := filepath.Glob(dir + "/.*"); left != nil {
		t.Errorf("left behind: %s", left)
	}
	if err := writeSnapshot(&Issuer{SnapshotFile: filepath.Join(dir, "f")}, &keySet{raw: []byte("{")}); err == nil {
		t.Error("a set that is no JSON was written")
	}
}

// The older of two fetches never overwrites the snapshot of the newer one.
func TestOlderSnapshotNeverWins(t *testing.T) {
	i := testIssuerConfig()
	i.SnapshotFile = filepath.Join(t.TempDir(), "jwks.json")
	older, newer := new(keySet), new(keySet)
	s := &keySource{issuer: &i}
	s.set.Store(newer)
	s.snapshot(older)
	if _, err := os.Stat(i.SnapshotFile); err == nil {
		t.Error("the older set was written")
	}
}
