package main

// Exit codes, a contract with scripts.
const (
	exitFine  = 0
	exitFound = 1 // findings, failed cases, flips, or a server that had to stop
	exitUsage = 2 // wrong usage, unreadable input
	exitGains = 3 // diff: somebody gains
)

// exitError ends the program with a code. A nil err says that everything there
// is to say has been printed already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }
