//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// ignoreWriteSignals makes writes fail with an error that otherwise end the
// process: into a pipe whose reader has gone, or beyond a limit of file sizes.
// What a lost line of the decision log means is audit.on_failure's to say.
func ignoreWriteSignals() { signal.Ignore(syscall.SIGPIPE, syscall.SIGXFSZ) }
