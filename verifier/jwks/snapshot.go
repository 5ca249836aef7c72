package jwks

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/claimgate/claimgate/internal/utf8text"
	"github.com/claimgate/claimgate/verifier/internal/quote"
)

// snapshot is the last good key set on disk. With it, a process that restarts during an
// outage of the issuer can verify at once.
type snapshot struct {
	Version int             `json:"version"`
	Issuer  string          `json:"issuer"`
	Fetched time.Time       `json:"fetched"`
	JWKS    json.RawMessage `json:"jwks"`
}

const (
	snapshotVersion = 1
	// A snapshot may be at most maxSnapshotAhead in the future, in case the clock was set
	// back.
	maxSnapshotAhead = 10 * time.Minute
)

// writeSnapshot replaces the file atomically: after a crash the file is the old one
// or the new one.
func writeSnapshot(c *Config, set *Set) error {
	data, err := json.Marshal(snapshot{snapshotVersion, c.URL, set.fetched.UTC(), set.raw})
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(c.SnapshotFile), ".jwks-*") // created with mode 0600
	if err != nil {
		return err
	}
	_, err1 := f.Write(data)
	err = errors.Join(err1, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), c.SnapshotFile)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// readSnapshot returns the key set in the file. The error says why the file is not used.
// A user who can write the file decides which signatures are good, so a file that others
// may write is refused.
func readSnapshot(c *Config, now time.Time) (*Set, error) {
	info, err := os.Stat(c.SnapshotFile)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", c.SnapshotFile)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return nil, fmt.Errorf("%s may be written by others: chmod 600", c.SnapshotFile)
	}
	if info.Size() > 2*MaxAnswer {
		return nil, fmt.Errorf("%s is larger than a key set can be", c.SnapshotFile)
	}
	data, err := utf8text.ReadFile(c.SnapshotFile)
	if err != nil {
		return nil, err
	}
	var snap snapshot
	if err := json.Unmarshal(data, &snap); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", c.SnapshotFile, err)
	}
	switch {
	case snap.Version != snapshotVersion:
		return nil, fmt.Errorf("%s has version %d, not %d", c.SnapshotFile, snap.Version, snapshotVersion)
	case snap.Issuer != c.URL:
		return nil, fmt.Errorf("%s belongs to the issuer %s", c.SnapshotFile, quote.Value(snap.Issuer))
	case snap.Fetched.After(now.Add(maxSnapshotAhead)):
		return nil, fmt.Errorf("%s was written in the future, at %s", c.SnapshotFile, snap.Fetched.Format(time.RFC3339))
	case now.Sub(snap.Fetched) > c.MaxStale:
		return nil, fmt.Errorf("%s is older than max_stale (%s)", c.SnapshotFile, c.MaxStale)
	}
	set, err := parseSet(snap.JWKS)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.SnapshotFile, err)
	}
	// Computed from now, so that the monotonic clock also counts for the age.
	set.fetched = now.Add(-max(0, now.Sub(snap.Fetched)))
	return set, nil
}

// loadSnapshot uses the key set in the snapshot file, if there is one.
func (s *Source) loadSnapshot() {
	set, err := readSnapshot(s.config, s.config.Now())
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) { // before the first fetch there is no file
			s.config.Notify(Notice{Issuer: s.config.Name, Kind: SnapshotIgnored, Err: err})
		}
		return
	}
	s.set.Store(set)
	s.config.Notify(Notice{Issuer: s.config.Name, Kind: SnapshotLoaded, Keys: set.Size(), Skipped: set.skipped})
}

// saveSnapshot writes set to disk unless a newer set is in use. No request waits for
// the disk.
func (s *Source) saveSnapshot(set *Set) {
	if s.config.SnapshotFile == "" {
		return
	}
	s.saving.Lock()
	defer s.saving.Unlock()
	if s.set.Load() != set {
		return
	}
	if err := writeSnapshot(s.config, set); err != nil {
		s.config.Notify(Notice{Issuer: s.config.Name, Kind: SnapshotFailed, Err: err})
	}
}
