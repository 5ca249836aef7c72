//go:build unix

package login

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// readOwn reads a file of secrets. The file must be a regular file of this user that nobody else may read or
// replace.
func readOwn(file string) ([]byte, error) {
	dir := filepath.Dir(file)
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o022 != 0 {
		return nil, fmt.Errorf("%s may be written by others (mode %04o), who could swap the session: chmod 700 %s", dir, info.Mode().Perm(), dir)
	}
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.EMLINK) {
		return nil, fmt.Errorf("%s is a symbolic link, and claimgate made none: remove it, then claimgate login", file)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if info, err = f.Stat(); err != nil {
		return nil, err
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file: remove it, then claimgate login", file)
	case !known || int(owner.Uid) != os.Geteuid():
		return nil, fmt.Errorf("%s belongs to somebody else: remove it, then claimgate login", file)
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%s may be read by others (mode %04o): chmod 600 %s, and log in again if somebody may have read it", file, info.Mode().Perm(), file)
	}
	return io.ReadAll(io.LimitReader(f, maxAnswer))
}
