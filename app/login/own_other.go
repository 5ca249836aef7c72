//go:build !unix

package login

import (
	"fmt"
	"os"
)

// readOwn reads a file of secrets, which must be no link to another file. Who may read the file is decided
// by the access list of the person's profile directory, which others may not read.
func readOwn(file string) ([]byte, error) {
	info, err := os.Lstat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file: remove it, then claimgate login", file)
	}
	return os.ReadFile(file)
}
