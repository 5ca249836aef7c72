//go:build unix

package login

import (
	"os"
	"syscall"
)

// locked calls f with the lock of the profile, which one process of the user holds at a time. The lock ends with the process.
func locked(profile string, f func() error) error {
	name, err := lockFile(profile)
	if err != nil {
		return err
	}
	lock, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	return f()
}
