//go:build unix

package serve

import (
	"os/signal"
	"syscall"
)

// ignoreWriteSignals makes a write fail with an error instead of ending the process: a write into a
// pipe without a reader (SIGPIPE), or beyond the limit of file sizes (SIGXFSZ). audit.on_failure
// decides what a lost line of the decision log means.
func ignoreWriteSignals() { signal.Ignore(syscall.SIGPIPE, syscall.SIGXFSZ) }
