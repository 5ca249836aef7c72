package verifier

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// snapshot is the last good key set as it lies on disk, so that a restart
// during an outage of the issuer can verify at once.
type snapshot struct {
	Version int             `json:"version"`
	Issuer  string          `json:"issuer"`
	Fetched time.Time       `json:"fetched"`
	JWKS    json.RawMessage `json:"jwks"`
}

const snapshotVersion = 1

// writeSnapshot replaces the file at once: a crash leaves the old one or the
// new one, never a part.
func writeSnapshot(i *Issuer, set *keySet) error {
	data, err := json.Marshal(snapshot{snapshotVersion, i.URL, set.fetched.UTC(), set.raw})
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(i.SnapshotFile), ".jwks-*") // created with mode 0600
	if err != nil {
		return err
	}
	_, err1 := f.Write(data)
	err = errors.Join(err1, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), i.SnapshotFile)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// readSnapshot returns the set in the file, or why it must not be used. Whoever
// can write the file decides which signatures are good, so a file that others
// may write is not believed.
func readSnapshot(i *Issuer, now time.Time) (*keySet, error) {
	info, err := os.Stat(i.SnapshotFile)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", i.SnapshotFile)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return nil, fmt.Errorf("%s may be written by others: chmod 600", i.SnapshotFile)
	}
	if info.Size() > 2*maxKeySetBytes {
		return nil, fmt.Errorf("%s is larger than a key set can be", i.SnapshotFile)
	}
	data, err := os.ReadFile(i.SnapshotFile)
	if err != nil {
		return nil, err
	}
	var snap snapshot
	if err := json.Unmarshal(data, &snap); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", i.SnapshotFile, err)
	}
	switch {
	case snap.Version != snapshotVersion:
		return nil, fmt.Errorf("%s is of version %d, not %d", i.SnapshotFile, snap.Version, snapshotVersion)
	case snap.Issuer != i.URL:
		return nil, fmt.Errorf("%s belongs to the issuer %s", i.SnapshotFile, quoted(snap.Issuer))
	case snap.Fetched.After(now.Add(snapshotAhead)):
		return nil, fmt.Errorf("%s was written in the future, at %s", i.SnapshotFile, snap.Fetched.Format(time.RFC3339))
	case now.Sub(snap.Fetched) > i.MaxStale:
		return nil, fmt.Errorf("%s is older than max_stale (%s)", i.SnapshotFile, i.MaxStale)
	}
	set, err := parseKeySet(snap.JWKS)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", i.SnapshotFile, err)
	}
	// Written relative to now, so that the age grows with the monotonic clock.
	set.fetched = now.Add(-max(0, now.Sub(snap.Fetched)))
	return set, nil
}
