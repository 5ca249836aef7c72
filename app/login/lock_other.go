//go:build !unix

package login

import (
	"errors"
	"os"
	"time"
)

// locked calls f while no other process of the user does the same for the profile. A lock that a process
// left behind counts for a minute.
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
