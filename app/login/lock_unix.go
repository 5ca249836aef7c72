//go:build unix

package login

import (
	"os"
	"path/filepath"
	"syscall"
)

// locked calls f while no other process of the user does the same for the profile. The lock ends with the
// process.
func locked(profile string, f func() error) error {
	file, err := sessionFile(profile)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	lock, err := os.OpenFile(file+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	return f()
}
