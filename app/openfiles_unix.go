//go:build unix

package main

import "golang.org/x/sys/unix"

// openFiles is how many files this process may have open. Go has raised the soft
// limit to the hard one by now.
func openFiles() (uint64, error) {
	var limit unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
	return limit.Cur, err
}
