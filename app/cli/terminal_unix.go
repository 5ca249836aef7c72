//go:build unix

package cli

import (
	"os"

	"golang.org/x/sys/unix"
)

func columns(f *os.File) (width int, ok bool) {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0, false
	}
	return int(size.Col), true
}
