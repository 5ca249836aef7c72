package cli

import "fmt"

// Exit codes, a contract with scripts.
const (
	ExitFine  = 0
	ExitFound = 1 // findings, failed cases, flips, or a server that had to stop
	ExitUsage = 2 // wrong usage, unreadable input
	ExitGains = 3 // diff: somebody gains
)

// ExitError ends the program with a code. If Err is nil, everything has been printed.
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
