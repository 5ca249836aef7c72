package cli

import "fmt"

// The exit codes. They are a contract with scripts.
const (
	ExitFine  = 0
	ExitFound = 1 // findings, failed cases, flips, or a server that had to stop
	ExitUsage = 2 // wrong usage, unreadable input
	ExitGains = 3 // diff: somebody gains rights
)

// ExitError ends the program with an exit code. If Err is nil, nothing more is printed.
type ExitError struct {
	Code int
	Err  error
}

// Exit returns an *ExitError.
func Exit(code int, err error) error { return &ExitError{code, err} }

func (e *ExitError) Error() string {
	if e.Err == nil {
		return ""
	}
	return e.Err.Error()
}

func (e *ExitError) Unwrap() error { return e.Err }

// Usage returns an *ExitError for wrong usage, with ExitUsage.
func Usage(format string, args ...any) error {
	return Exit(ExitUsage, fmt.Errorf(format, args...))
}
