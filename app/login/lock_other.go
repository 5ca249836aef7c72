//go:build !unix

package login

import (
	"errors"
	"os"
	"time"
)

// locked calls f with the lock of the profile, which one process of the user holds at a time. locked
// takes over a lock that is older than a minute, because the process that made the lock may have died.
func locked(profile string, f func() error) error {
	name, err := lockFile(profile)
	if err != nil {
		return err
	}
	for {
		lock, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		if err == nil {
			defer func() { _ = errors.Join(lock.Close(), os.Remove(name)) }()
			return f()
		}
		if info, statErr := os.Stat(name); statErr == nil && time.Since(info.ModTime()) > time.Minute {
			_ = os.Remove(name)
			continue
		}
		if !errors.Is(err, os.ErrExist) {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}
