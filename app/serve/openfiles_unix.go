//go:build unix

package serve

import "golang.org/x/sys/unix"

// openFiles returns how many files this process may have open. Go raises the soft limit to the hard
// limit at start.
func openFiles() (uint64, error) {
	var limit unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
	return limit.Cur, err
}
