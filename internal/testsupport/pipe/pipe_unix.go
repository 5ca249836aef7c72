//go:build unix

// Package pipe helps tests that write to a pipe which nobody reads.
package pipe

import (
	"bytes"
	"errors"
	"os"
	"syscall"
	"testing"
)

// Fill writes empty lines until the pipe has no room for another byte. Fill uses no deadline, because on a busy
// machine a deadline can pass before the first byte is written.
func Fill(t testing.TB, pipe *os.File) {
	t.Helper()
	c, err := pipe.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	err = c.Write(func(fd uintptr) bool {
		for size := 1 << 20; size > 0; {
			switch _, failed = syscall.Write(int(fd), bytes.Repeat([]byte("\n"), size)); {
			case errors.Is(failed, syscall.EAGAIN):
				size /= 2
			case failed != nil && !errors.Is(failed, syscall.EINTR):
				return true
			}
		}
		failed = nil
		return true
	})
	if err = errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
}
