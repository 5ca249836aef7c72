// Package leaks finds goroutines that the tests of a package leave behind.
package leaks

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// Main runs the tests and exits. If the tests succeed, Main fails if a goroutine is left that the options do not
// ignore. A goroutine that ends later than its test has a minute: goleak alone gives it half a second, which is too
// short on a busy machine.
func Main(m *testing.M, options ...goleak.Option) {
	code := m.Run()
	if code == 0 {
		var err error
		for begun := time.Now(); time.Since(begun) < time.Minute; {
			if err = goleak.Find(options...); err == nil {
				break
			}
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "goroutines are left:", err)
			code = 1
		}
	}
	os.Exit(code)
}
