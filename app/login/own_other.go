//go:build !unix

package login

import (
	"fmt"
	"os"
)

// readOwn reads a file of secrets, which must be a regular file. It does not check who may read the file: the
// access list of the person's profile directory keeps others out.
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
